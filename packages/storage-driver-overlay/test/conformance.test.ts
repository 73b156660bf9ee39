import { driverConformance } from "@drayage/testkit";
import { describe, it } from "vitest";
import { overlayFixture } from "./support/fixture.ts";
import { named, whyNoOverlay } from "./support/machine.ts";

describe.skipIf(whyNoOverlay !== undefined)(named("conformance"), () => {
  driverConformance({ test: { describe, it }, name: "overlay", setup: overlayFixture });
});
