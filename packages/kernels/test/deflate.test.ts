import { inflateRawSync } from "node:zlib";
import { expect, it } from "vitest";
import { createDeflater } from "../src/index.ts";

it("round-trips small inputs at every level", () => {
  const deflater = createDeflater();
  for (let level = 0; level <= 9; level++) {
    for (let length = 0; length <= 70; length++) {
      const data = Uint8Array.from({ length }, (_, index) => (index * 7) % 5);
      const out = Buffer.from(deflater.deflateBlock(data, { level, last: true }));
      expect(Buffer.compare(inflateRawSync(out), data)).toBe(0);
      const flushed = Buffer.from(deflater.deflateBlock(data, { level, last: false }));
      expect(flushed.subarray(-4).toString("hex")).toBe("0000ffff");
      expect(Buffer.compare(inflateRawSync(Buffer.concat([flushed, Buffer.of(3, 0)])), data)).toBe(0);
    }
  }
});
