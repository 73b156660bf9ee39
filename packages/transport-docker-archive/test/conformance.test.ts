import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { snapshotTree, transportConformance } from "@drayage/testkit";
import { describe, it } from "vitest";
import { dockerArchive } from "../src/index.ts";

const references = {
  valid: [
    "image.tar",
    "/tmp/image.tar:busybox",
    "C\\:/image.tar:localhost:5000/a/b:tag",
    "image.tar:@0",
    "image.tar:@17",
    "a\\:b\\\\\\:c",
  ],
  invalid: [":busybox", "image.tar:", "image.tar:UPPER", "image.tar:@", "image.tar:@-1", "image.tar:@x"],
};

for (const [name, suffix] of [
  ["docker-archive", ""],
  ["docker-archive with a name", ":localhost:5000/name/of:it"],
] as const) {
  transportConformance({
    test: { describe, it },
    name,
    traits: { manifests: "made", overwriting: "refuses" },
    references,
    setup() {
      const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
      let count = 0;
      return {
        transport: dockerArchive(),
        reference() {
          count += 1;
          return `${path.join(folder, `${count}.tar`)}${suffix}`;
        },
        snapshot: () => snapshotTree(folder),
        dispose: () => rm(folder, { recursive: true, force: true }),
      };
    },
  });
}
