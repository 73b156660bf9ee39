import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { realImageNeeds } from "@drayage-internal/fixtures";
import { describeWithPeers, runPeer, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { crc32, createDeflater, deflateBlockLimit } from "../src/index.ts";
import { pieces } from "./support/inflating.ts";
import { realLayers } from "./support/layers.ts";

const mebibyte = 1024 * 1024;
const windowSize = 32 * 1024;

describeWithPeers("the layers of a real image", [...realImageNeeds, "tar", "gzip"], ({ gzip }) => {
  const folder = temporaryDirectory();
  const deflater = createDeflater();

  /** A gzip file (RFC 1952) of blocks that were deflated each on its own, knowing of the 32 KiB before it. */
  function gzipped(bytes: Uint8Array, how: { level: number; blockSize: number }): Buffer {
    const blocks = pieces(bytes, how.blockSize);
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(crc32(bytes));
    trailer.writeUInt32LE(bytes.length, 4);
    const deflated = blocks.map((block, index) => {
      const start = index * how.blockSize;
      const dictionary = bytes.subarray(Math.max(0, start - windowSize), start);
      const last = index === blocks.length - 1;
      return deflater.deflateBlock(block, { level: how.level, dictionary, last }).slice();
    });
    return Buffer.concat([Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255), ...deflated, trailer]);
  }

  it("are deflated to what gzip and zlib take for them, at every level, in blocks of several sizes", async () => {
    const layers = await realLayers(folder);
    expect(layers.length).toBe(3);
    let total = 0;
    let compressed = 0;
    for (const file of layers) {
      const layer = readFileSync(file);
      total += layer.length;
      const whole = gzipped(layer, { level: 4, blockSize: deflateBlockLimit });
      compressed += whole.length;
      writeFileSync(`${file}.gz`, whole);
      expect(await digestOfInflated(gzip, `${file}.gz`)).toBe(sha256(layer));
      const part = layer.subarray(0, 2 * mebibyte);
      for (let level = 0; level <= 9; level++) {
        const stream = gzipped(part, { level, blockSize: 100_000 * level + 7001 });
        expect(Buffer.compare(gunzipSync(stream), part)).toBe(0);
        expect(sha256((await runPeer("gzip", ["-dc"], { input: stream })).bytes)).toBe(sha256(part));
      }
    }
    expect(total).toBeGreaterThan(350 * mebibyte);
    expect(compressed).toBeLessThan(0.4 * total);
  }, 600_000);
});

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The digest of what gzip makes of a file. */
async function digestOfInflated(gzip: string, file: string): Promise<string> {
  const child = spawn(gzip, ["-dc", file], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  const hash = createHash("sha256");
  for await (const chunk of child.stdout) hash.update(chunk as Uint8Array);
  expect((await ended)[0]).toBe(0);
  return hash.digest("hex");
}
