import zlib from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDeflater, deflateBlockBound, deflateBlockLimit } from "../src/index.ts";
import { vectors } from "./browser/deflate.vectors.ts";
import { allLevels, deflated, deflatedInBlocks, noise, prose, searchingLevels } from "./support/deflating.ts";
import { inflated, randomNumbers, sample } from "./support/inflating.ts";

const mebibyte = 1024 * 1024;
const windowSize = 32 * 1024;
const syncFlush = Buffer.of(0, 0, 0, 0xff, 0xff);

/** Whether the bytes are the same, without a comparison of large arrays one by one. */
function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
}

/** Both inflaters take a whole stream for `bytes`, and nothing of it is left over. */
function expectInflated(stream: Uint8Array, bytes: Uint8Array): void {
  const { buffer, engine } = zlib.inflateRawSync(stream, { info: true }) as unknown as {
    readonly buffer: Uint8Array;
    readonly engine: { readonly bytesWritten: number };
  };
  expectBytes(buffer, bytes);
  expect(engine.bytesWritten).toBe(stream.length);
  const ours = inflated([stream]);
  expectBytes(ours.bytes, bytes);
  expect(ours.unused).toBe(0);
}

describe("vectors", () => {
  for (const vector of vectors) it(vector.name, vector.run);
});

describe("what is deflated is inflated to the same, by zlib and by the inflater", () => {
  it("at every level, of every length up to 300", () => {
    const random = randomNumbers(1);
    const inputs = [prose(300, random), noise(300, random), Buffer.alloc(300, 7)];
    for (const level of allLevels) {
      for (let length = 0; length <= 300; length += length < 20 ? 1 : 7) {
        for (const input of inputs) {
          const bytes = input.subarray(0, length);
          expectInflated(deflated(bytes, { level }), bytes);
          const flushed = deflated(bytes, { level, last: false });
          expectBytes(flushed.subarray(-4), syncFlush.subarray(1));
          expectInflated(Buffer.concat([flushed, Buffer.of(3, 0)]), bytes);
        }
      }
    }
  });

  it.each(allLevels)("at level %i, of exactly as much as a block may have", (level) => {
    const random = randomNumbers(2);
    const programs = sample(mebibyte, 2);
    const mixed = Buffer.concat([
      prose(400_000, random),
      noise(mebibyte - 700_000, random),
      Buffer.alloc(300_000),
    ]);
    expect(deflateBlockLimit).toBe(mebibyte);
    for (const bytes of [programs, mixed, Buffer.alloc(mebibyte)]) {
      expect(bytes.length).toBe(mebibyte);
      expectInflated(deflated(bytes, { level }), bytes);
    }
  });

  it("of random input, in one block or several, which know of what is before them as much as one likes", () => {
    const input = fc.record({
      length: fc.oneof(fc.nat(300), fc.nat(5000), fc.nat(200_000)),
      seed: fc.nat(),
      level: fc.nat(9),
      cuts: fc.array(fc.nat(), { maxLength: 6 }),
      knowing: fc.oneof(fc.nat(10), fc.nat(windowSize), fc.constant(windowSize), fc.nat(200_000)),
    });
    fc.assert(
      fc.property(input, ({ length, seed, level, cuts, knowing }) => {
        const bytes = sample(length, seed);
        const places = cuts.map((cut) => cut % (length + 1)).sort((one, other) => one - other);
        expectInflated(deflatedInBlocks(bytes, { level, places, knowing }), bytes);
      }),
      { numRuns: 150 },
    );
  });

  it("of bytes in any order", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(9), fc.boolean(), (bytes, level, last) => {
        const stream = deflated(bytes, { level, last });
        expectInflated(last ? stream : Buffer.concat([stream, Buffer.of(1, 0, 0, 0xff, 0xff)]), bytes);
      }),
      { numRuns: 300 },
    );
  });

  it("in blocks of a byte, and of none", () => {
    const bytes = prose(60, randomNumbers(3));
    const places = Array.from({ length: 119 }, (_, index) => (index + 1) >> 1);
    for (const level of allLevels) expectInflated(deflatedInBlocks(bytes, { level, places }), bytes);
  });
});

describe("nothing", () => {
  it.each(searchingLevels)("at level %i, is a fixed block that ends at once, or a sync flush", (level) => {
    expect([...deflated(new Uint8Array(0), { level })]).toEqual([3, 0]);
    expectBytes(deflated(new Uint8Array(0), { level, last: false }), syncFlush);
  });

  it("at level 0, is a stored block", () => {
    expectBytes(deflated(new Uint8Array(0), { level: 0 }), Buffer.of(1, 0, 0, 0xff, 0xff));
    expectBytes(deflated(new Uint8Array(0), { level: 0, last: false }), syncFlush);
  });

  it("is the same with a dictionary", () => {
    const dictionary = sample(50_000, 4);
    for (const level of allLevels) {
      for (const last of [false, true]) {
        const bytes = new Uint8Array(0);
        expectBytes(deflated(bytes, { level, last, dictionary }), deflated(bytes, { level, last }));
      }
    }
  });
});

describe("a dictionary", () => {
  const random = randomNumbers(5);
  const text = prose(3 * windowSize, random);
  const bytes = text.subarray(-2000);

  it.each([1, 2, 3, 4, 5, 100, windowSize - 1, windowSize, windowSize + 1, 2 * windowSize])(
    "of %i bytes is what the block refers to",
    (length) => {
      const dictionary = text.subarray(-2000 - length, -2000);
      for (const level of allLevels) {
        const stream = deflated(bytes, { level, dictionary });
        expectBytes(zlib.inflateRawSync(stream, { dictionary: dictionary.subarray(-windowSize) }), bytes);
        if (level > 0 && length >= 100) expect(stream.length).toBeLessThan(deflated(bytes, { level }).length);
      }
    },
  );

  it("counts by its last 32 KiB", () => {
    for (const level of allLevels) {
      const dictionary = text.subarray(0, -2000);
      const short = deflated(bytes, { level, dictionary: dictionary.subarray(-windowSize) });
      expectBytes(deflated(bytes, { level, dictionary }), short);
    }
  });

  it("of nothing is none", () => {
    for (const level of allLevels) {
      expectBytes(deflated(bytes, { level, dictionary: new Uint8Array(0) }), deflated(bytes, { level }));
    }
  });

  it("helps a block of every length up to 20, to its last byte", () => {
    const dictionary = noise(500, random);
    for (const level of allLevels) {
      for (let length = 1; length <= 20; length++) {
        const repeated = dictionary.subarray(100, 100 + length);
        const stream = deflated(repeated, { level, dictionary });
        expectBytes(zlib.inflateRawSync(stream, { dictionary }), repeated);
        // The header, a match by the fixed codes with its extra bits, and the end: 3 + 7 + 2 + 5 + 7 + 7 bits at most.
        if (level > 0 && length >= 4) expect(stream.length).toBe(4);
      }
    }
  });
});

describe("the same block gives the same bytes", () => {
  const random = randomNumbers(6);
  const blocks = [
    sample(300_000, 6),
    sample(5000, 7),
    prose(100_000, random),
    noise(70_000, random),
    Buffer.alloc(100_000, 1),
    sample(mebibyte, 8),
    Buffer.of(1, 2, 3),
  ];

  it("from a deflater that is new, and from one that did all the others before", () => {
    const used = createDeflater();
    for (const level of allLevels) {
      for (const [index, bytes] of blocks.entries()) {
        const options = { level, last: index % 2 === 0, dictionary: blocks[index + 1] };
        const expected = createDeflater().deflateBlock(bytes, options);
        expectBytes(used.deflateBlock(bytes, options), expected);
      }
    }
  });

  it("whatever is around it", () => {
    const [bytes = Buffer.alloc(0)] = blocks;
    const dictionary = sample(10_000, 9);
    for (const level of allLevels) {
      const expected = Buffer.from(deflated(bytes, { level, dictionary }));
      for (const [index, around] of [
        Buffer.alloc(400, 0xff),
        bytes.subarray(-400),
        noise(400, random),
      ].entries()) {
        // What the kernel's memory holds before the dictionary and behind the block changes with what it did last.
        deflated(Buffer.concat([around, bytes, around]), {
          level: index,
          dictionary: sample(windowSize, index),
        });
        const within = Buffer.concat([around, bytes, around]);
        const view = new Uint8Array(within.buffer, within.byteOffset + around.length, bytes.length);
        expectBytes(deflated(view, { level, dictionary }), expected);
      }
    }
  });

  it("from shared memory", () => {
    for (const level of allLevels) {
      const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = blocks;
      const memory = new Uint8Array(new SharedArrayBuffer(first.length + second.length));
      memory.set(second);
      memory.set(first, second.length);
      const dictionary = memory.subarray(0, second.length);
      expectBytes(
        deflated(memory.subarray(second.length), { level, dictionary }),
        deflated(first, { level, dictionary: second }),
      );
    }
  });

  it("from what the deflater itself gave", () => {
    const deflater = createDeflater();
    const [bytes = Buffer.alloc(0)] = blocks;
    const once = Buffer.from(deflater.deflateBlock(bytes, { level: 1, last: true }));
    const view = deflater.deflateBlock(bytes, { level: 1, last: true });
    const twice = deflater.deflateBlock(view, { level: 6, last: true });
    expectBytes(zlib.inflateRawSync(twice), once);
  });
});

describe("deflateBlockBound", () => {
  const bytes = noise(mebibyte, randomNumbers(10));
  const lengths = [
    0,
    1,
    2,
    3,
    4,
    100,
    8191,
    8192,
    8193,
    32_768,
    65_535,
    65_536,
    131_070,
    131_071,
    999_999,
    mebibyte,
  ];

  it("is five bytes for the flush and five for the header, of less than 8 KiB", () => {
    expect(deflateBlockBound(0)).toBe(10);
    expect(deflateBlockBound(8191)).toBe(8201);
    expect(deflateBlockBound(mebibyte)).toBe(mebibyte + 5 * (128 + 16 + 2));
  });

  it.each(lengths)("holds for %i bytes that do not compress", (length) => {
    for (const level of allLevels) {
      for (const last of [false, true]) {
        const stream = deflated(bytes.subarray(0, length), { level, last });
        expect(stream.length).toBeLessThanOrEqual(deflateBlockBound(length));
      }
    }
  });

  it("is reached by a short block that is stored and flushed", () => {
    for (const level of allLevels) {
      for (const length of [100, 5000, 8191]) {
        const stream = deflated(bytes.subarray(0, length), { level, last: false });
        expect(stream.length).toBe(deflateBlockBound(length));
      }
    }
  });

  it.each(lengths)("stored, %i bytes are five more for each 65535", (length) => {
    const parts = Math.max(1, Math.ceil(length / 65_535));
    expect(deflated(bytes.subarray(0, length), { level: 0 }).length).toBe(length + 5 * parts);
  });

  it("holds where what compresses and what does not alternate", () => {
    const random = randomNumbers(11);
    for (const size of [300, 3000, 9000, 33_000]) {
      const parts: Buffer[] = [];
      for (let at = 0; at < mebibyte; at += 2 * size) parts.push(noise(size, random), Buffer.alloc(size, at));
      const mixed = Buffer.concat(parts).subarray(0, mebibyte);
      for (const level of allLevels) {
        expect(deflated(mixed, { level }).length).toBeLessThanOrEqual(deflateBlockBound(mebibyte));
      }
    }
  });
});

describe("levels", () => {
  const random = randomNumbers(12);
  const corpora = [
    { name: "prose", bytes: prose(500_000, random) },
    { name: "what is like a program", bytes: sample(500_000, 12) },
  ];

  it.each(corpora)("of $name: a higher one is smaller, and none is much larger than zlib's", ({ bytes }) => {
    const sizes = allLevels.map((level) => deflated(bytes, { level }).length);
    const descending = [...new Set(sizes)].sort((one, other) => other - one);
    expect(sizes).toEqual(descending);
    for (const [level, size] of sizes.entries()) {
      expect(size).toBeLessThan(1.015 * zlib.deflateRawSync(bytes, { level }).length);
    }
  });
});

describe("what makes no sense is refused", () => {
  const bytes = sample(1000, 13);
  const expected = Buffer.from(deflated(bytes));

  it("a block that is too long", () => {
    const deflater = createDeflater();
    const call = () => deflater.deflateBlock(new Uint8Array(mebibyte + 1), { level: 4, last: true });
    expect(call).toThrow(new RangeError("a block of 1048577 bytes is more than 1048576"));
    expectBytes(deflater.deflateBlock(bytes, { level: 4, last: true }), expected);
  });

  it.each([-1, 10, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("level %s", (level) => {
    const deflater = createDeflater();
    const call = () => deflater.deflateBlock(bytes, { level, last: true });
    expect(call).toThrow(new RangeError(`there is no level ${level}`));
    expectBytes(deflater.deflateBlock(bytes, { level: 4, last: true }), expected);
  });
});
