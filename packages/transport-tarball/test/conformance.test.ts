import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { snapshotTree, transportConformance } from "@drayage/testkit";
import { describe, it } from "vitest";
import { tarball } from "../src/index.ts";
import { tar } from "./fixtures.ts";

transportConformance({
  test: { describe, it },
  name: "tarball",
  references: { valid: ["a.tar", "a.tar:b.tar:-", "a\\:b:c"], invalid: ["a:", "a::b", "-:-"] },
  setup() {
    const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
    let count = 0;
    return {
      transport: tarball(),
      reference() {
        count += 1;
        return path.join(folder, `${count}.tar`);
      },
      image() {
        const plain = path.join(folder, "plain.tar");
        const packed = path.join(folder, "packed.tar.gz");
        writeFileSync(plain, tar([{ name: "a.txt", data: "hello" }]));
        writeFileSync(packed, gzipSync(tar([{ name: "b.txt", data: "world" }])));
        return `${plain}:${packed}`;
      },
      snapshot: () => snapshotTree(folder),
      dispose: () => rm(folder, { recursive: true, force: true }),
    };
  },
});
