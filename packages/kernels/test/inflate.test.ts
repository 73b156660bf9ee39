import zlib from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createInflater } from "../src/index.ts";
import { vectors } from "./browser/inflate.vectors.ts";
import { BitWriter } from "./support/bit-writer.ts";
import { cut, inflated, pieces, randomNumbers, sample } from "./support/inflating.ts";

const { constants } = zlib;

/** Whether the bytes are the same, without a comparison of large arrays one by one. */
function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
}

describe("vectors", () => {
  for (const vector of vectors) it(vector.name, vector.run);
});

describe("what zlib deflates is inflated to the same", () => {
  const inputs = [
    sample(300_000, 1),
    Buffer.alloc(1_000_000, 0x61),
    Buffer.alloc(0),
    Buffer.from([7]),
    Buffer.from(
      Uint8Array.from({ length: 70_000 }, (_, at) => (Math.imul(at, 0x9e3779b1) ^ (at * at)) >>> 13),
    ),
  ];
  const strategies = [
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_FILTERED,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
    constants.Z_FIXED,
  ];

  it("at every level, by every strategy", () => {
    for (const input of inputs) {
      for (let level = 0; level <= 9; level++) {
        for (const strategy of strategies) {
          const stream = zlib.deflateRawSync(input, { level, strategy });
          expectBytes(inflated([stream]).bytes, input);
        }
      }
    }
  });

  it("with every window and memory", () => {
    const input = sample(200_000, 2);
    for (let windowBits = 9; windowBits <= 15; windowBits++) {
      for (let memLevel = 1; memLevel <= 9; memLevel++) {
        const stream = zlib.deflateRawSync(input, { windowBits, memLevel });
        expectBytes(inflated(pieces(stream, 10_000)).bytes, input);
      }
    }
  });

  it("in random pieces, of random input", () => {
    const input = fc.record({
      length: fc.oneof(fc.nat(300), fc.nat(5000), fc.nat(700_000)),
      seed: fc.nat(),
      level: fc.nat(9),
      cuts: fc.array(fc.nat(), { maxLength: 8 }),
      following: fc.uint8Array({ maxLength: 20 }),
    });
    fc.assert(
      fc.property(input, ({ length, seed, level, cuts, following }) => {
        const data = sample(length, seed);
        const stream = zlib.deflateRawSync(data, { level });
        expectBytes(inflated(cut(stream, cuts)).bytes, data);
        expect(inflated([Buffer.concat([stream, following])]).unused).toBe(following.length);
      }),
      { numRuns: 60 },
    );
  });

  it("with 64 Ki empty and stored blocks", () => {
    const stream = Buffer.concat([
      ...Array.from({ length: 65_536 }, (_, index) =>
        new BitWriter()
          .stored(index % 3 === 0 ? Uint8Array.of(index & 0xff) : new Uint8Array(0), false)
          .done(),
      ),
      Uint8Array.of(3, 0),
    ]);
    const expected = Uint8Array.from({ length: Math.ceil(65_536 / 3) }, (_, index) => (index * 3) & 0xff);
    expectBytes(inflated([stream]).bytes, expected);
    expectBytes(inflated(pieces(stream, 1013)).bytes, expected);
  });

  it("with stored blocks of 65535 bytes, and of none", () => {
    const large = sample(65_535, 3);
    const stream = new BitWriter()
      .stored(large, false)
      .stored(new Uint8Array(0), false)
      .stored(large, false)
      .stored(large, false)
      .stored(large, false)
      .stored(large)
      .done();
    const expected = Buffer.concat([large, large, large, large, large]);
    for (const size of [stream.length, 65_535, 65_536, 4099, 7]) {
      expectBytes(inflated(pieces(stream, size)).bytes, expected);
    }
  });
});

describe("chunk boundaries", () => {
  const input = sample(5000, 4);
  const stream = zlib.deflateRawSync(input);

  it("may be anywhere", () => {
    for (let place = 0; place <= stream.length; place++) {
      expectBytes(inflated([stream.subarray(0, place), stream.subarray(place)]).bytes, input);
    }
  });

  it("may be after every byte, at every level and of every kind of block", () => {
    for (const level of [0, 1, 6, 9]) {
      for (const strategy of [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY]) {
        const each = zlib.deflateRawSync(input, { level, strategy });
        for (const size of [1, 2, 3, 15, 16, 17, 23, 24, 25]) {
          expectBytes(inflated(pieces(each, size)).bytes, input);
        }
      }
    }
  });

  it("leave all that follows the stream unused, be it in the last push or in one with the end", () => {
    const following = Buffer.from("and more of it, beyond any buffer of bits");
    const all = Buffer.concat([stream, following]);
    for (let place = 0; place < stream.length; place++) {
      const { bytes, unused } = inflated([all.subarray(0, place), all.subarray(place)]);
      expectBytes(bytes, input);
      expect(unused).toBe(following.length);
    }
    expect(inflated(pieces(all, 1)).unused).toBe(0);
  });

  it("hold back nothing that zlib would give: all of a flushed part is there", () => {
    const parts = [sample(3000, 5), Buffer.from("a"), sample(70_000, 6), Buffer.from("end")];
    for (const flush of [constants.Z_SYNC_FLUSH, constants.Z_FULL_FLUSH, constants.Z_BLOCK]) {
      for (const size of [1, 5, 1000, 1_000_000]) {
        const inflater = createInflater();
        for (const [index, deflatedPart] of flushed(parts, flush).entries()) {
          const got: Uint8Array[] = [];
          for (const chunk of pieces(deflatedPart, size)) {
            inflater.push(chunk);
            for (let out = inflater.next(); out.length > 0; out = inflater.next()) got.push(out.slice());
          }
          // A flush to the end of a block leaves up to seven bits in the compressor, with the code of the block's end.
          if (flush !== constants.Z_BLOCK) expectBytes(Buffer.concat(got), parts[index] ?? Buffer.alloc(0));
        }
      }
    }
  });
});

/** What deflating each part and flushing gives. All parts make one stream, that does not end. */
function flushed(parts: readonly Uint8Array[], flush: number): Uint8Array[] {
  let before = 0;
  return parts.map((_, index) => {
    const all = zlib.deflateRawSync(Buffer.concat(parts.slice(0, index + 1)), { finishFlush: flush });
    const alone = deflateWithFlushes(parts.slice(0, index + 1), flush) ?? all;
    const part = alone.subarray(before);
    before = alone.length;
    return part;
  });
}
