import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestBytes } from "@drayage/digest";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bytesBlob, createStagedFile, drain, fileBlob, streamBlob } from "../src/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = new Uint8Array(700_000).map((_, index) => (index * 31 + (index >> 8)) % 256);
const digest = digestBytes(bytes);

describe("drain", () => {
  it("brings a file, bytes and a stream into a file", async () => {
    const path = join(folder, "source");
    writeFileSync(path, bytes);
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    }
    for (const blob of [
      fileBlob(path, { digest }),
      bytesBlob(bytes, { digest }),
      streamBlob(() => pieces(), { digest }),
    ]) {
      await using staged = await createStagedFile(folder);
      const result = await drain(blob, staged.sink);
      expect(result).toEqual({ digest, size: bytes.length, stages: [{ digest, size: bytes.length }] });
      await staged.commit(join(folder, "target"));
      expect(readFileSync(join(folder, "target")).equals(bytes)).toBe(true);
    }
  });
});
