import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { driverConformance } from "@drayage/testkit";
import { describe, it } from "vitest";
import { createMemoryDriver } from "../src/index.ts";

driverConformance({
  test: { describe, it },
  name: "memory",
  traits: { persistent: false },
  setup() {
    const folder = mkdtempSync(join(tmpdir(), "drayage-"));
    return {
      driver: createMemoryDriver(),
      graphRoot: join(folder, "root"),
      runRoot: join(folder, "run"),
      // It has no place: nothing may ever be there.
      snapshot: async () => readdirSync(folder),
      dispose: async () => rmSync(folder, { recursive: true }),
    };
  },
});
