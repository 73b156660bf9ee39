import { distanceEntry, literalLengthEntry, precodeEntry } from "./alphabets.ts";
import { INVALID, subtable, withCodeBits } from "./entry.ts";

/*
 * Decoding tables of Huffman codes (RFC 1951, 3.2.2).
 *
 * A table is indexed with the next bits of input, as many as the most common codes have at most; every entry stands
 * there as often as there are values of the bits after its code. A longer code's first bits lead to a subtable,
 * which is indexed with the bits that follow. As the first bit of a code is the lowest of the index, codes are
 * counted up bit-reversed.
 */

/** The longest code. */
const LONGEST_CODE: u32 = 15;

/** Bits of a table's index: a balance of time to build and hits, both of which depend on the cache. */
export const LITERAL_LENGTH_TABLE_BITS: u32 = 11;
export const DISTANCE_TABLE_BITS: u32 = 8;
/** No code of the precode is longer. */
export const PRECODE_TABLE_BITS: u32 = 7;

/*
 * The most entries that a table and its subtables have, for any code that is not over-subscribed: what zlib's
 * examples/enough.c counts for 288 symbols and 11 bits, and for 32 symbols and 8 bits.
 */
const LITERAL_LENGTH_ENTRIES: i32 = 2342;
const DISTANCE_ENTRIES: i32 = 402;
const PRECODE_ENTRIES: i32 = 128;

export const literalLengthTable: usize = memory.data(LITERAL_LENGTH_ENTRIES * 4, 16);
export const distanceTable: usize = memory.data(DISTANCE_ENTRIES * 4, 16);
export const precodeTable: usize = memory.data(PRECODE_ENTRIES * 4, 16);

/** How many codes there are of each length, u32 each, from 0. */
const counts: usize = memory.data(16 * 4, 16);
/** The place of the next symbol with a code of each length among the sorted ones, u32 each. */
const places: usize = memory.data(17 * 4, 16);
/** The symbols that have codes, u16 each, sorted by the length of their codes. */
const sorted: usize = memory.data(288 * 2, 16);

/** Makes the table for literals and lengths of `lengths`, a byte each. False where they make no code. */
export function buildLiteralLengthTable(lengths: usize, symbols: u32): bool {
  if (!sortByLength(lengths, symbols, true)) return false;
  fillTable(literalLengthTable, LITERAL_LENGTH_TABLE_BITS, literalLengthEntry);
  return true;
}

export function buildDistanceTable(lengths: usize, symbols: u32): bool {
  if (!sortByLength(lengths, symbols, true)) return false;
  fillTable(distanceTable, DISTANCE_TABLE_BITS, distanceEntry);
  return true;
}

export function buildPrecodeTable(lengths: usize, symbols: u32): bool {
  if (!sortByLength(lengths, symbols, false)) return false;
  fillTable(precodeTable, PRECODE_TABLE_BITS, precodeEntry);
  return true;
}

export function entryAt(table: usize, index: u32): u32 {
  return load<u32>(table + (index << 2));
}

function setEntry(table: usize, index: u32, entry: u32): void {
  store<u32>(table + (index << 2), entry);
}

function countOf(length: u32): u32 {
  return load<u32>(counts + (length << 2));
}

/**
 * Counts codes and sorts symbols by `lengths`. False where the code is over-subscribed (more codes than bits can tell
 * apart) or incomplete (bits that are no code). As in zlib, a code of no symbol, or of one with a single bit, may be
 * incomplete where `partly`.
 */
function sortByLength(lengths: usize, symbols: u32, partly: bool): bool {
  memory.fill(counts, 0, 16 * 4);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count = counts + (usize(load<u8>(lengths + symbol)) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
  let unused: i32 = 1;
  let place: u32 = 0;
  for (let length: u32 = 1; length <= LONGEST_CODE; length++) {
    unused = (unused << 1) - i32(countOf(length));
    if (unused < 0) return false;
    store<u32>(places + (length << 2), place);
    place += countOf(length);
  }
  const partial = place === 0 || (place === 1 && countOf(1) === 1);
  if (unused > 0 && !(partly && partial)) return false;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const length = usize(load<u8>(lengths + symbol));
    if (length === 0) continue;
    const next = load<u32>(places + (length << 2));
    store<u16>(sorted + (next << 1), u16(symbol));
    store<u32>(places + (length << 2), next + 1);
  }
  return true;
}

/** Fills a table for the codes that {@link sortByLength} has found. */
function fillTable(table: usize, tableBits: u32, entryOf: (symbol: u32) => u32): void {
  // What no code leads to takes a bit, as in zlib: the error is told when there is one.
  setEntry(table, 0, withCodeBits(INVALID, 1));
  let code: u32 = 0;
  let place: u32 = 0;
  // As long as codes grow, the part of the table that is filled doubles.
  for (let length: u32 = 1; length <= tableBits; length++) {
    const size: u32 = 1 << (length - 1);
    memory.copy(table + (size << 2), table, size << 2);
    for (let left = countOf(length); left > 0; left--) {
      const symbol = load<u16>(sorted + (place++ << 1));
      setEntry(table, code, withCodeBits(entryOf(symbol), length));
      code = nextCode(code, length);
    }
  }
  let end: u32 = 1 << tableBits;
  let prefix: u32 = u32.MAX_VALUE;
  let subtableStart: u32 = 0;
  for (let length = tableBits + 1; length <= LONGEST_CODE; length++) {
    for (let left = countOf(length); left > 0; left--) {
      const newPrefix = code & ((1 << tableBits) - 1);
      if (newPrefix !== prefix) {
        prefix = newPrefix;
        subtableStart = end;
        const bits = subtableBits(length, left, tableBits);
        end += 1 << bits;
        setEntry(table, prefix, subtable(subtableStart, bits, tableBits));
      }
      const symbol = load<u16>(sorted + (place++ << 1));
      const entry = withCodeBits(entryOf(symbol), length - tableBits);
      const step: u32 = 1 << (length - tableBits);
      for (let at = subtableStart + (code >> tableBits); at < end; at += step) setEntry(table, at, entry);
      code = nextCode(code, length);
    }
  }
}

/** How many bits index the subtable whose first code has `length` bits, of which `left` codes are left. */
function subtableBits(length: u32, left: u32, tableBits: u32): u32 {
  let bits = length - tableBits;
  let room = i32(1 << bits) - i32(left);
  while (room > 0 && tableBits + bits < LONGEST_CODE) {
    bits++;
    room = (room << 1) - i32(countOf(tableBits + bits));
  }
  return bits;
}

/** The code after `code`, both bit-reversed. After the last one of a length: the first of the next, all of whose bits are 1. */
function nextCode(code: u32, length: u32): u32 {
  let bit: u32 = 1 << (length - 1);
  while ((code & bit) !== 0) {
    code ^= bit;
    bit >>= 1;
  }
  return code | bit;
}
