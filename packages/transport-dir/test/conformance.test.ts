import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { snapshotTree, transportConformance } from "@drayage/testkit";
import { describe, it } from "vitest";
import { dir } from "../src/index.ts";

transportConformance({
  test: { describe, it },
  name: "dir",
  setup() {
    const folder = mkdtempSync(join(tmpdir(), "drayage-"));
    let count = 0;
    return {
      transport: dir(),
      reference: () => join(folder, `image-${count++}`),
      snapshot: () => snapshotTree(folder),
      dispose: async () => rmSync(folder, { recursive: true }),
    };
  },
  references: { valid: ["a", "a:b", "/a b"], invalid: ["", "a\0b"] },
});
