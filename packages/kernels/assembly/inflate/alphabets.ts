import { END_OF_BLOCK, INVALID, literal, matchPart } from "./entry.ts";

/*
 * What the symbols of the three alphabets mean (RFC 1951, 3.2.5 to 3.2.7), as entries of decoding tables that lack
 * the length of a code.
 */

export const LITERAL_LENGTH_SYMBOLS: u32 = 288;
export const DISTANCE_SYMBOLS: u32 = 32;
export const PRECODE_SYMBOLS: u32 = 19;

export const END_OF_BLOCK_SYMBOL: u32 = 256;
const FIRST_LENGTH_SYMBOL: u32 = 257;
/** Symbols that have codes, but no meaning: 286 and 287 of literals and lengths, 30 and 31 of distances. */
export const LITERAL_LENGTH_MEANINGS: u32 = 286;
export const DISTANCE_MEANINGS: u32 = 30;

const lengthBase = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
]);
const lengthExtraBits = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
const distanceBase = memory.data<u16>([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
  6145, 8193, 12289, 16385, 24577,
]);
const distanceExtraBits = memory.data<u8>([
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
]);
/** The order in which a dynamic block gives the lengths of the precode's codes. */
const precodeOrder = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

export function precodeSymbolAt(place: u32): u32 {
  return load<u8>(precodeOrder + place);
}

export function literalLengthEntry(symbol: u32): u32 {
  if (symbol < END_OF_BLOCK_SYMBOL) return literal(symbol);
  if (symbol === END_OF_BLOCK_SYMBOL) return END_OF_BLOCK;
  if (symbol >= LITERAL_LENGTH_MEANINGS) return INVALID;
  const index = symbol - FIRST_LENGTH_SYMBOL;
  return matchPart(load<u16>(lengthBase + (index << 1)), load<u8>(lengthExtraBits + index));
}

export function distanceEntry(symbol: u32): u32 {
  if (symbol >= DISTANCE_MEANINGS) return INVALID;
  return matchPart(load<u16>(distanceBase + (symbol << 1)), load<u8>(distanceExtraBits + symbol));
}

export function precodeEntry(symbol: u32): u32 {
  return matchPart(symbol, 0);
}
