import zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { createInflater, type Inflater } from "../src/index.ts";
import { BitWriter } from "./support/bit-writer.ts";
import { pieces, sample } from "./support/inflating.ts";

const chunkSize = 256 * 1024;
const longestMatch = 258;
/** So far a match is copied beyond its end, at most: for that there must be room in a chunk too. */
const overhang = 15;
const endOfBlock = 256;

/** Where a chunk of stored bytes ends: from here on nothing is begun, and what was begun before is finished. */
const limit = firstChunk(
  Buffer.concat(
    [1, 2, 3, 4, 5].map((seed) => new BitWriter().stored(sample(65_535, seed), seed === 5).done()),
  ),
).length;

function firstChunk(stream: Uint8Array): Uint8Array {
  const inflater = createInflater();
  inflater.push(stream);
  return inflater.next();
}

/** What a block ends with, before the end of block itself. */
interface LastTurn {
  readonly literals: number;
  /** The length of a match behind them. */
  readonly match?: number;
}

interface Block extends LastTurn {
  /** The place of its end. */
  readonly end: number;
}

/**
 * The first block of a stream, by the fixed codes: matches, one of some other length, and then the last turn. As a match ends
 * a turn of the fast loop, the literals are the first ones of theirs.
 */
function blockUpTo({ end, literals, match = 0 }: Block): BitWriter {
  const writer = new BitWriter().header(1, false).fixed(0x61);
  const matchesEnd = end - literals - match;
  let length = 1;
  while (matchesEnd - length >= 2 * longestMatch) length += matched(writer, longestMatch);
  const left = matchesEnd - length;
  matched(writer, left >> 1);
  matched(writer, left - (left >> 1));
  for (let index = 0; index < literals; index++) writer.fixed(0x62 + (index % 7));
  if (match > 0) matched(writer, match);
  return writer.fixed(endOfBlock);
}

function matched(writer: BitWriter, length: number): number {
  writer.fixedMatch(length, 1);
  return length;
}

/** A block that says what is right before it, and whether the tables of fixed blocks are as they should be. */
function lastBlock(writer: BitWriter): BitWriter {
  writer.header(1).fixed(0x41).fixedMatch(longestMatch, 32_768).fixed(200);
  for (let symbol = 0; symbol < 256; symbol += 5) writer.fixed(symbol);
  for (let distance = 1; distance < 32_768; distance = distance * 2 + 1) writer.fixedMatch(5, distance);
  return writer.fixed(endOfBlock);
}

function stored(bytes: Uint8Array): (writer: BitWriter) => Uint8Array {
  return (writer) => {
    writer.header(0, false).align();
    writer.bits(bytes.length, 16).bits(bytes.length ^ 0xffff, 16);
    return Buffer.concat([writer.done(), bytes, lastBlock(new BitWriter()).done()]);
  };
}

/** What follows the block. */
const sequels: Readonly<Record<string, (writer: BitWriter) => Uint8Array>> = {
  "no bytes that are stored": stored(new Uint8Array(0)),
  "100 stored bytes": stored(sample(100, 1)),
  "34000 stored bytes": stored(sample(34_000, 2)),
  "65535 stored bytes": stored(sample(65_535, 3)),
  "a fixed block": (writer) => lastBlock(writer).done(),
  "a dynamic block": (writer) => {
    writer.dynamic({ literals: { 65: 2, 66: 2, 256: 2, 285: 2 }, distances: { 0: 1, 29: 1 }, last: false });
    for (let index = 0; index < 40; index++) writer.code(index & 1, 2);
    writer.code(3, 2).code(1, 1).bits(0x1fff, 13);
    writer.code(3, 2).code(0, 1);
    return lastBlock(writer.code(2, 2)).done();
  },
};

const turns: readonly LastTurn[] = [
  ...[1, 2, 3, 4, 5, 6].map((literals) => ({ literals })),
  ...[0, 1, 2, 3].flatMap((literals) => [3, 17, longestMatch].map((match) => ({ literals, match }))),
];

/** Places about the limit where such a turn may end, and so that it begins there. */
function endsOf({ literals, match = 0 }: LastTurn): readonly number[] {
  const near = [-3, -2, -1, 0, 1, 2, 3].map((off) => limit + off);
  return [...new Set([...near, ...near.map((place) => place + literals + match)])];
}

/** The bytes, and how large the largest chunk was. */
function inflatedBy(
  inflater: Inflater,
  stream: Uint8Array,
  size: number,
): { bytes: Buffer; largest: number } {
  inflater.reset();
  const parts: Buffer[] = [];
  for (const piece of pieces(stream, size)) {
    inflater.push(piece);
    for (let bytes = inflater.next(); bytes.length > 0; bytes = inflater.next())
      parts.push(Buffer.from(bytes));
  }
  expect(inflater.ended).toBe(true);
  return { bytes: Buffer.concat(parts), largest: Math.max(...parts.map(({ length }) => length)) };
}

describe.each(Object.keys(sequels))("a block that ends about a chunk's limit, before %s,", (name) => {
  const inflater = createInflater();
  const text = Buffer.from("what comes after it, and after it. ".repeat(30));
  const others = [zlib.constants.Z_FIXED, zlib.constants.Z_DEFAULT_STRATEGY].map((strategy) =>
    zlib.deflateRawSync(text, { strategy }),
  );

  it("is inflated right, in chunks of at most 256 KiB, and does no harm to other streams", () => {
    let largest = 0;
    for (const turn of turns) {
      for (const end of endsOf(turn)) {
        const stream = sequels[name]?.(blockUpTo({ end, ...turn })) ?? new Uint8Array(0);
        const expected = zlib.inflateRawSync(stream);
        // In pieces of one byte the careful loop has to do it all.
        for (const size of end === limit + 1 && stream.length < 5000 ? [stream.length, 1] : [stream.length]) {
          const result = inflatedBy(inflater, stream, size);
          if (Buffer.compare(result.bytes, expected) !== 0) {
            throw new Error(`other bytes than zlib's, where it ends at ${end} in ${JSON.stringify(turn)}`);
          }
          largest = Math.max(largest, result.largest);
        }
        for (const other of others) {
          expect(inflatedBy(inflater, other, other.length).bytes.equals(text)).toBe(true);
        }
      }
    }
    // A turn that begins a byte before the limit, of two literals and the longest match.
    expect(largest).toBe(limit + 1 + longestMatch);
    expect(largest + overhang).toBeLessThanOrEqual(chunkSize);
  });
});
