import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import { realImageNeeds } from "@drayage-internal/fixtures";
import { describeWithPeers, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { createInflater, type Inflater } from "../src/index.ts";
import { pieces } from "./support/inflating.ts";
import { realLayers } from "./support/layers.ts";

const mebibyte = 1024 * 1024;

describeWithPeers("the layers of a real image", [...realImageNeeds, "tar"], () => {
  const folder = temporaryDirectory();

  it("are inflated to what they were, from every level of zlib, in chunks of several sizes", async () => {
    const layers = await realLayers(folder);
    expect(layers.length).toBe(3);
    const inflater = createInflater();
    let total = 0;
    for (const file of layers) {
      const layer = readFileSync(file);
      total += layer.length;
      // All of a layer once, at the fastest level; a part of it at each.
      checkLayer(inflater, layer, { level: 1, size: 256 * 1024 });
      const part = layer.subarray(0, 2 * mebibyte);
      for (let level = 1; level <= 9; level++) checkLayer(inflater, part, { level, size: 4096 * level + 1 });
    }
    expect(total).toBeGreaterThan(350 * mebibyte);
  }, 600_000);
});

function checkLayer(inflater: Inflater, layer: Uint8Array, how: { level: number; size: number }): void {
  const stream = deflateRawSync(layer, { level: how.level });
  const hash = createHash("sha256");
  inflater.reset();
  for (const piece of pieces(stream, how.size)) {
    inflater.push(piece);
    for (let bytes = inflater.next(); bytes.length > 0; bytes = inflater.next()) hash.update(bytes);
  }
  expect(inflater.ended).toBe(true);
  expect(hash.digest("hex")).toBe(createHash("sha256").update(layer).digest("hex"));
}
