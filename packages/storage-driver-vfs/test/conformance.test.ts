import { driverConformance } from "@drayage/testkit";
import { describe, it } from "vitest";
import { vfsFixture } from "./support/fixture.ts";

driverConformance({ test: { describe, it }, name: "vfs", setup: () => vfsFixture() });

driverConformance({
  test: { describe, it },
  name: "vfs, with owners in an attribute",
  traits: { owners: "attribute" },
  setup: () => vfsFixture({ force_mask: "private" }),
});
