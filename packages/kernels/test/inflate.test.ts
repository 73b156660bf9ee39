import zlib from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createInflater, type Inflater } from "../src/index.ts";
import { vectors } from "./browser/inflate.vectors.ts";
import { BitWriter } from "./support/bit-writer.ts";
import { cut, inflated, outcome, pieces, randomNumbers, sample } from "./support/inflating.ts";

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

  it("hold back nothing that is complete: a flushed part is there before the next one comes", () => {
    const parts = [sample(3000, 5), Buffer.from("a"), sample(70_000, 6), Buffer.from("end")];
    for (const finishFlush of [
      constants.Z_SYNC_FLUSH,
      constants.Z_FULL_FLUSH,
      constants.Z_PARTIAL_FLUSH,
      constants.Z_FINISH,
    ]) {
      for (const part of parts) {
        for (const size of [1, 5, 1000, 1_000_000]) {
          const inflater = createInflater();
          const flushed = zlib.deflateRawSync(part, { finishFlush });
          expectBytes(Buffer.concat(pieces(flushed, size).map((piece) => pushed(inflater, piece))), part);
          expect(inflater.ended).toBe(finishFlush === constants.Z_FINISH);
        }
      }
    }
  });

  it("come back to a part before, over a flush", () => {
    const inflater = createInflater();
    let dictionary = Buffer.alloc(0);
    for (let seed = 0; seed < 40; seed++) {
      const part = Buffer.concat([dictionary.subarray(-20_000), sample(10_000, seed)]);
      const finishFlush = seed === 39 ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
      const options = dictionary.length > 0 ? { finishFlush, dictionary } : { finishFlush };
      expectBytes(pushed(inflater, zlib.deflateRawSync(part, options)), part);
      dictionary = Buffer.concat([dictionary, part]).subarray(-32_768);
    }
    expect(inflater.ended).toBe(true);
  });
});

/** What comes of a push. */
function pushed(inflater: Inflater, bytes: Uint8Array): Buffer {
  inflater.push(bytes);
  const parts: Buffer[] = [];
  for (let part = inflater.next(); part.length > 0; part = inflater.next()) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

describe("matches", () => {
  /** A stream by the fixed code, and what it inflates to, as RFC 1951 has it: a byte at a time. */
  class Matches {
    readonly writer = new BitWriter().header(1);
    readonly output = new Uint8Array(24 * 1024 * 1024);
    length = 0;

    literals(count: number, random: (below: number) => number): void {
      for (let index = 0; index < count; index++) {
        const byte = random(256);
        this.writer.fixed(byte);
        this.output[this.length++] = byte;
      }
    }

    match(length: number, distance: number): void {
      this.writer.fixedMatch(length, distance);
      for (const end = this.length + length; this.length < end; this.length++) {
        this.output[this.length] = this.output[this.length - distance] ?? 0;
      }
    }

    check(): void {
      const stream = this.writer.fixed(256).done();
      const expected = this.output.subarray(0, this.length);
      expectBytes(zlib.inflateRawSync(stream), expected);
      expectBytes(inflated([stream]).bytes, expected);
      expectBytes(inflated(pieces(stream, 4093)).bytes, expected);
    }
  }

  it("of every length repeat from every small distance", () => {
    const matches = new Matches();
    const random = randomNumbers(7);
    matches.literals(40, random);
    for (let distance = 1; distance <= 40; distance++) {
      for (let length = 3; length <= 258; length++) {
        matches.match(length, distance);
        if (length % 16 === 0) matches.literals(distance, random);
      }
    }
    matches.check();
  });

  it("reach back to every distance up to 32768, over every place of the window's edge", () => {
    const matches = new Matches();
    const random = randomNumbers(8);
    matches.literals(32_768, random);
    for (let distance = 1; distance <= 32_768; distance++) {
      matches.match(3 + random(30), distance);
      if (distance % 8 === 0) matches.literals(1, random);
    }
    for (let index = 0; index < 20_000; index++) matches.match(3 + random(256), 32_768 - random(3));
    matches.check();
  });

  it("reach back as far as there is output, and no further", () => {
    for (const count of [1, 2, 15, 16, 17, 300]) {
      for (const following of [0, 64]) {
        const good = new BitWriter().header(1);
        for (let index = 0; index < count; index++) good.fixed(index & 0xff);
        const stream = Buffer.concat([
          good.fixedMatch(5, count).fixed(256).done(),
          new Uint8Array(following),
        ]);
        expect(inflated([stream]).bytes.length).toBe(count + 5);
        const bad = new BitWriter().header(1);
        for (let index = 0; index < count; index++) bad.fixed(index & 0xff);
        const refused = Buffer.concat([
          bad
            .fixedMatch(5, count + 1)
            .fixed(256)
            .done(),
          new Uint8Array(following),
        ]);
        expect(outcome([refused]).refusal).toBe(
          "the deflate stream is damaged: a distance reaches back beyond the start",
        );
      }
    }
  });

  it("do not reach into a stream before", () => {
    const inflater = createInflater();
    pushed(inflater, zlib.deflateRawSync(Buffer.alloc(1_000_000, 0x73)));
    inflater.reset();
    inflater.push(new BitWriter().header(1).fixed(0x61).fixedMatch(3, 2).fixed(256).done());
    expect(() => inflater.next()).toThrow("a distance reaches back beyond the start");
  });
});

describe("an inflater", () => {
  it("keeps to its memory, less than 1 MiB, in chunks of at most 256 KiB, for a gibibyte of zeros", () => {
    const mebibyte = zlib.deflateRawSync(new Uint8Array(1024 * 1024), {
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    const stream = Buffer.concat([
      ...Array.from({ length: 1024 }, () => mebibyte),
      new BitWriter().stored(new Uint8Array(0)).done(),
    ]);
    const inflater = createInflater();
    inflater.push(stream);
    let total = 0;
    let largest = 0;
    const memories = new Set<ArrayBufferLike>();
    for (let bytes = inflater.next(); bytes.length > 0; bytes = inflater.next()) {
      total += bytes.length;
      largest = Math.max(largest, bytes.length);
      memories.add(bytes.buffer);
      if (bytes[0] !== 0 || bytes[bytes.length - 1] !== 0) throw new Error("not zeros");
    }
    expect(inflater.ended).toBe(true);
    expect(total).toBe(1024 ** 3);
    expect(largest).toBeLessThanOrEqual(256 * 1024);
    expect([...memories].map((memory) => memory.byteLength)).toEqual([384 * 1024]);
  });

  it("serves one stream after the other, whatever came of the last", () => {
    const inflater = createInflater();
    const data = sample(100_000, 9);
    const stream = zlib.deflateRawSync(data);
    for (const before of [stream, stream.subarray(0, 999), Uint8Array.of(7), new Uint8Array(0)]) {
      inflater.reset();
      inflater.push(before);
      try {
        inflater.next();
      } catch (error) {
        expect(error).toMatchObject({ code: "ERR_DRAYAGE_COMPRESSION_INVALID" });
      }
      inflater.reset();
      expect(inflater.ended).toBe(false);
      expect(inflater.unused).toBe(0);
      expectBytes(pushed(inflater, stream), data);
      expect(inflater.ended).toBe(true);
    }
  });

  it("says again what is wrong, and never that there is more", () => {
    const inflater = createInflater();
    inflater.push(Uint8Array.of(7));
    for (let time = 0; time < 3; time++) expect(() => inflater.next()).toThrow("reserved");
    inflater.reset();
    inflater.finish();
    for (let time = 0; time < 3; time++) expect(() => inflater.next()).toThrow("truncated");
  });

  it("says the same of a stream that is damaged, whatever else is pushed", () => {
    const inflater = createInflater();
    inflater.push(Buffer.concat([Uint8Array.of(7), new Uint8Array(200_000)]));
    for (let time = 0; time < 3; time++) {
      expect(() => inflater.next()).toThrow("reserved");
      inflater.push(Uint8Array.of(3, 0));
    }
    expect(() => inflater.next()).toThrow("reserved");
  });

  it("ends, where a buffer shrinks or goes away while it is inflated", () => {
    const bytes = zlib.deflateRawSync(sample(400_000, 14), { level: 0 });
    for (const left of [0, 1000, 70_000, 300_000]) {
      // Types of before ES2024 know nothing of resizable buffers.
      const Resizable = ArrayBuffer as unknown as new (
        length: number,
        options: { maxByteLength: number },
      ) => ArrayBuffer & { resize(length: number): void };
      const buffer = new Resizable(bytes.length, { maxByteLength: bytes.length });
      const input = new Uint8Array(buffer);
      input.set(bytes);
      const inflater = createInflater();
      inflater.push(input);
      const first = inflater.next().length;
      buffer.resize(left);
      let total = first;
      for (let part = inflater.next(); part.length > 0; part = inflater.next()) total += part.length;
      expect(total).toBeLessThan(400_000);
      inflater.finish();
      expect(() => inflater.next()).toThrow("truncated");
      inflater.reset();
      expectBytes(pushed(inflater, bytes), sample(400_000, 14));
    }
    const transferred = Uint8Array.from(bytes);
    const inflater = createInflater();
    inflater.push(transferred);
    structuredClone(transferred.buffer, { transfer: [transferred.buffer] });
    expect(inflater.next().length).toBe(0);
  });

  it("names the format that the stream is part of", () => {
    const inflater = createInflater({ format: "gzip" });
    inflater.push(Uint8Array.of(7));
    expect(() => inflater.next()).toThrow("the gzip stream is damaged: a block has the type 3");
  });

  it("is not to be pushed to before all was taken, nor after the end", () => {
    const inflater = createInflater();
    inflater.push(Uint8Array.of(3));
    expect(() => inflater.push(Uint8Array.of(0))).toThrow(TypeError);
    expect(inflater.next().length).toBe(0);
    inflater.push(Uint8Array.of(0));
    expect(inflater.next().length).toBe(0);
    expect(inflater.ended).toBe(true);
    expect(() => inflater.push(Uint8Array.of(0))).toThrow(TypeError);
    // All of this input is in the kernel after the first call, which does not give all that comes of it.
    inflater.reset();
    inflater.push(zlib.deflateRawSync(new Uint8Array(1_000_000)));
    expect(inflater.next().length).toBeGreaterThan(0);
    expect(() => inflater.push(Uint8Array.of(0))).toThrow(TypeError);
    inflater.reset();
    inflater.push(new Uint8Array(0));
    inflater.push(Uint8Array.of(3, 0));
  });
});
