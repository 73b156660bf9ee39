import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { snapshotTree, transportConformance } from "@drayage/testkit";
import { describe, it } from "vitest";
import { ociArchive } from "../src/index.ts";

transportConformance({
  test: { describe, it },
  name: "oci-archive",
  setup() {
    const folder = mkdtempSync(join(tmpdir(), "drayage-"));
    let count = 0;
    return {
      transport: ociArchive(),
      reference: () => `${join(folder, `image-${count++}.tar`)}:v1`,
      snapshot: () => snapshotTree(folder),
      dispose: async () => rmSync(folder, { recursive: true }),
    };
  },
  references: { valid: ["a", "a:b", "a:@0", "a\\\\:b:c/d"], invalid: ["", ":a", "a:-"] },
});
