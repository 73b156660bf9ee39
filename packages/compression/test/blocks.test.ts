import { describe, expect, it } from "vitest";
import {
  type BlockFormat,
  checkLevel,
  createBlockDeflater,
  createBlockFormat,
  type DeflateAlgorithm,
} from "../src/index.ts";
import { concat, deflated, enginesToDeflate, latin1, pieces, sample } from "./helpers.ts";

const mebibyte = 1024 * 1024;

/** The stream of `data`, made block by block as a worker would; blocks and dictionaries lie in shared memory. */
async function byHand(
  data: Uint8Array,
  algorithm: DeflateAlgorithm,
  { engine, level }: { engine: string; level: number },
): Promise<Uint8Array> {
  const format = createBlockFormat(algorithm, level);
  const deflater = await createBlockDeflater(algorithm, { engine });
  expect(deflater.engine).toBe(engine);
  const memory = shared(data);
  const parts = [format.header];
  for (const [start, end] of blockPlaces(data.length, format)) {
    const bytes = memory.subarray(start, end);
    format.onBlock(bytes);
    const dictionary = memory.subarray(Math.max(0, start - format.dictionarySize), start);
    // It is valid until the next call only.
    parts.push(deflater.deflateBlock({ bytes, dictionary, last: end === data.length, level }).slice());
  }
  parts.push(format.trailer());
  deflater.close();
  deflater.close();
  return concat(parts);
}

function shared(data: Uint8Array): Uint8Array {
  const memory = new Uint8Array(new SharedArrayBuffer(data.length));
  memory.set(data);
  return memory;
}

function blockPlaces(length: number, { blockSize }: BlockFormat): readonly (readonly [number, number])[] {
  const count = Math.max(1, Math.ceil(length / blockSize));
  return Array.from({ length: count }, (_, index) => [
    index * blockSize,
    Math.min(length, (index + 1) * blockSize),
  ]);
}

describe.each(["gzip", "zstd"] as const)("blocks of %s", (algorithm) => {
  const { blockSize } = createBlockFormat(algorithm, checkLevel(algorithm, undefined));

  describe.each(enginesToDeflate(algorithm))("by %s", (engine) => {
    it.each([0, 1, blockSize - 1, blockSize, blockSize + 1, 2 * blockSize + 4321])(
      "deflated by hand are what deflate gives: %i bytes",
      async (length) => {
        const data = sample(length);
        const level = checkLevel(algorithm, undefined);
        const stream = await deflated(pieces(data, 300_000), algorithm, { engine });
        const other = await byHand(data, algorithm, { engine, level });
        expect(latin1(other) === latin1(stream)).toBe(true);
      },
    );

    it.each([1, 9])("deflated by hand are what deflate gives: level %i", async (level) => {
      const data = sample(blockSize + 100_000, level);
      const stream = await deflated([data], algorithm, { engine, level });
      const other = await byHand(data, algorithm, { engine, level });
      expect(latin1(other) === latin1(stream)).toBe(true);
    });

    it("depend on no block before them", async () => {
      const deflater = await createBlockDeflater(algorithm, { engine });
      const block = { bytes: sample(50_000), dictionary: new Uint8Array(0), last: true, level: 3 };
      const first = deflater.deflateBlock(block).slice();
      deflater.deflateBlock({ ...block, bytes: sample(70_000, 2), level: 7, last: false });
      const again = deflater.deflateBlock(block).slice();
      // Not a Buffer, whose slice is no copy.
      expect(Object.getPrototypeOf(deflater.deflateBlock(block))).toBe(Uint8Array.prototype);
      deflater.close();
      expect(latin1(again)).toBe(latin1(first));
    });
  });
});

describe("a format of blocks", () => {
  it("of gzip has the header, the window and the trailer of one member", () => {
    const format = createBlockFormat("gzip", 9);
    expect(format.blockSize).toBe(mebibyte);
    expect(format.dictionarySize).toBe(32 * 1024);
    expect(format.header).toEqual(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255));
    for (const part of ["1234", "56789"]) format.onBlock(new TextEncoder().encode(part));
    // CRC-32's check value, and nine bytes.
    expect(format.trailer()).toEqual(Uint8Array.of(0x26, 0x39, 0xf4, 0xcb, 9, 0, 0, 0));
  });

  it("of zstd has nothing around frames that know nothing of each other", () => {
    const format = createBlockFormat("zstd", 3);
    expect(format.dictionarySize).toBe(0);
    format.onBlock(Uint8Array.of(1));
    expect([format.header.length, format.trailer().length]).toEqual([0, 0]);
  });
});

it("a block deflater needs an engine that can deflate", async () => {
  await expect(createBlockDeflater("zstd", { engine: "fzstd" })).rejects.toMatchObject({
    code: "ERR_DRAYAGE_USAGE",
    message: `no engine "fzstd" can deflate zstd`,
  });
});
