import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { snapshotTree, transportConformance } from "@drayage/testkit";
import { describe, it } from "vitest";
import { ociDir } from "../src/index.ts";

transportConformance({
  test: { describe, it },
  name: "oci-dir",
  setup() {
    const folder = mkdtempSync(join(tmpdir(), "drayage-"));
    let count = 0;
    return {
      transport: ociDir(),
      reference: () => `${join(folder, `image-${count++}`)}:v1`,
      snapshot: () => snapshotTree(folder),
      dispose: async () => rmSync(folder, { recursive: true }),
    };
  },
  references: { valid: ["a", "a:b", "a:@0", "a\\\\:b:c/d"], invalid: ["", ":a", "a:-"] },
});
