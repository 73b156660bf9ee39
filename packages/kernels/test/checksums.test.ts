import { createHash } from "node:crypto";
import zlib from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32, crc64, createSha256 } from "../src/index.ts";
import { vectors } from "./browser/checksums.vectors.ts";

describe("vectors", () => {
  for (const vector of vectors) it(vector.name, vector.run);
});

/** What the kernel takes at once. */
const inputSize = 65536;

/** Lengths about those of a slice, a block and the kernel's input, at any alignment. */
const bytes = fc
  .record({
    length: fc.oneof(
      fc.nat({ max: 300 }),
      fc.integer({ min: inputSize - 70, max: inputSize + 70 }),
      fc.integer({ min: 2 * inputSize - 3, max: 2 * inputSize + 3 }),
    ),
    offset: fc.nat({ max: 17 }),
    seed: fc.nat(),
  })
  .map(({ length, offset, seed }) => noise(seed, offset + length).subarray(offset));

const cuts = fc.array(fc.nat(), { maxLength: 6 });

function noise(seed: number, length: number): Uint8Array {
  let state = BigInt(seed) + 1n;
  const words = new BigUint64Array(Math.ceil(length / 8));
  for (let at = 0; at < words.length; at++) {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    words[at] = state ^ (state >> 29n);
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** `data` in pieces, cut where `places` say. */
function* pieces(data: Uint8Array, places: readonly number[]): Generator<Uint8Array> {
  const ends = places.map((place) => place % (data.length + 1)).sort((a, b) => a - b);
  let start = 0;
  for (const end of [...ends, data.length]) {
    yield data.subarray(start, end);
    start = end;
  }
}

/** Long division, a bit at a time. */
function crc64Reference(data: Uint8Array): bigint {
  let remainder = 0xffffffffffffffffn;
  for (const byte of data) {
    remainder ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) {
      remainder = remainder & 1n ? (remainder >> 1n) ^ 0xd800000000000000n : remainder >> 1n;
    }
  }
  return remainder ^ 0xffffffffffffffffn;
}

/** Node has one since 20.15; the oldest that is supported is later. */
it("crc32 is node:zlib's, however the bytes lie and are cut", () => {
  fc.assert(
    fc.property(bytes, cuts, fc.integer({ min: 0, max: 0xffffffff }), (data, places, start) => {
      let value = start;
      for (const piece of pieces(data, places)) value = crc32(piece, value);
      // zlib.crc32 gives 0 for some arrays of no bytes.
      expect(value).toBe(data.length === 0 ? start : zlib.crc32(data, start));
    }),
  );
});

it("crc64 is that of long division, however the bytes lie and are cut", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 9 }), cuts, (data, offset, places) => {
      const shifted = new Uint8Array(offset + data.length);
      shifted.set(data, offset);
      let value = 0n;
      for (const piece of pieces(shifted.subarray(offset), places)) value = crc64(piece, value);
      expect(value).toBe(crc64Reference(data));
    }),
  );
});

it("crc64 is that of long division for every length where its ways change, and goes on from one way to the other", () => {
  for (const around of [1024, 1536, 4096]) {
    for (let length = around - 17; length <= around + 17; length++) {
      const data = noise(length, length);
      const whole = crc64Reference(data);
      expect(crc64(data)).toBe(whole);
      expect(crc64(data.subarray(700), crc64(data.subarray(0, 700)))).toBe(whole);
    }
  }
});

it("crc64 of more than the kernel takes at once is that of long division", () => {
  const data = noise(7, inputSize + 13);
  expect(crc64(data)).toBe(crc64Reference(data));
});

it("sha256 is node:crypto's, however the bytes lie and are cut, and when it is saved and gone on with", () => {
  fc.assert(
    fc.property(bytes, cuts, (data, places) => {
      let hash = createSha256();
      for (const piece of pieces(data, places)) {
        hash.update(piece);
        hash = createSha256(hash.save());
      }
      expect(Buffer.from(hash.digest()).toString("hex")).toBe(
        createHash("sha256").update(data).digest("hex"),
      );
    }),
  );
});

it("a sha256 goes on after its digest was asked for", () => {
  const hash = createSha256();
  const reference = createHash("sha256");
  for (let length = 0; length < 200; length++) {
    const piece = noise(length, length);
    hash.update(piece);
    reference.update(piece);
    expect(Buffer.from(hash.digest()).toString("hex")).toBe(reference.copy().digest("hex"));
  }
});

it("a length of more than 2³² bits stands right in the padding", () => {
  const zeros = new Uint8Array(1024 * 1024);
  const reference = createHash("sha256");
  for (let mebibyte = 0; mebibyte < 512; mebibyte++) reference.update(zeros);
  // The kernel's state after as many zeros, which took it two seconds.
  const hash = createSha256({
    length: 512 * zeros.length,
    chain: [0xc1945316, 0x0ed03e10, 0x4e1064e9, 0x2f8b0652, 0xe52774ad, 0x065ea229, 0xc9c3c246, 0x0e0cc072],
    pending: new Uint8Array(0),
  });
  expect(Buffer.from(hash.digest()).toString("hex")).toBe(reference.digest("hex"));
});

describe("a sha256 does not go on from a state that is none:", () => {
  const good = createSha256();
  good.update(noise(1, 69));
  const state = good.save();

  it.each<[string, object, typeof RangeError]>([
    ["a length below 0", { length: -64 }, RangeError],
    ["a length that is no whole number", { length: 5.5 }, RangeError],
    ["a length that is no number", { length: Number.NaN }, RangeError],
    ["a length that is no safe integer", { length: 2 ** 53 + 5 }, RangeError],
    ["no length", { length: undefined }, RangeError],
    ["a chain of seven words", { chain: state.chain.slice(1) }, TypeError],
    ["a chain of nine words", { chain: [...state.chain, 1] }, TypeError],
    ["a chain with a word of 33 bits", { chain: [...state.chain.slice(1), 2 ** 32] }, TypeError],
    ["a chain with a fraction", { chain: [...state.chain.slice(1), 0.5] }, TypeError],
    ["a chain with a text", { chain: [...state.chain.slice(1), "1"] }, TypeError],
    ["no chain", { chain: undefined }, TypeError],
    [
      "pending bytes that went through JSON",
      { pending: JSON.parse(JSON.stringify(state.pending)) },
      TypeError,
    ],
    ["no pending bytes", { pending: undefined }, TypeError],
    ["too few pending bytes", { pending: state.pending.subarray(1) }, RangeError],
    ["too many pending bytes", { pending: new Uint8Array(69) }, RangeError],
  ])("%s", (_, wrong, problem) => {
    expect(() => createSha256({ ...state, ...wrong })).toThrow(problem);
  });

  it("and goes on from one with signed words, or with the bytes of a Buffer", () => {
    const chain = state.chain.map((word) => word | 0);
    const hash = createSha256({ ...state, chain, pending: Buffer.from(state.pending) });
    expect(Buffer.from(hash.digest()).toString("hex")).toBe(
      createHash("sha256").update(noise(1, 69)).digest("hex"),
    );
  });
});
