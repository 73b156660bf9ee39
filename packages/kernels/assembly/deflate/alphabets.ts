/*
 * The three alphabets of deflate (RFC 1951, 3.2.5 to 3.2.7), as a compressor needs them: from a length or a distance
 * to its symbol.
 */

export const LITERAL_LENGTH_SYMBOLS: u32 = 286;
export const DISTANCE_SYMBOLS: u32 = 30;
export const CODE_LENGTH_SYMBOLS: u32 = 19;

export const END_OF_BLOCK: u32 = 256;
export const FIRST_LENGTH_SYMBOL: u32 = 257;
const LENGTH_SYMBOLS: u32 = LITERAL_LENGTH_SYMBOLS - FIRST_LENGTH_SYMBOL;

export const SHORTEST_MATCH: u32 = 3;
export const LONGEST_MATCH: u32 = 258;
export const WINDOW_SIZE: u32 = 32 * 1024;

/** Symbols of the code length alphabet that stand for several lengths, and the bits that say how many. */
export const REPEAT_PREVIOUS: u32 = 16;
export const REPEAT_ZERO: u32 = 17;
export const REPEAT_ZERO_LONG: u32 = 18;

const lengthBase = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
]);
const lengthExtraBits = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
const distanceExtraBits = memory.data<u8>([
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
]);
const codeLengthExtraBits = memory.data<u8>([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 7]);
/** The order in which a dynamic block gives the lengths of the codes for code lengths. */
const codeLengthOrder = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

/** For each length of a match, how far its symbol is from the first of the lengths' symbols. */
const lengthIndex = memory.data(259);

export function makeAlphabets(): void {
  for (let index: u32 = 0; index < LENGTH_SYMBOLS; index++) {
    // The last symbol is of the longest match alone, which the one before it therefore leaves to it.
    const next = index + 1 < LENGTH_SYMBOLS ? lengthBaseOf(index + 1) : LONGEST_MATCH + 1;
    for (let length = lengthBaseOf(index); length < next; length++) store<u8>(lengthIndex + length, index);
  }
}

/** The symbol of a match's length, less {@link FIRST_LENGTH_SYMBOL}. */
export function lengthIndexOf(length: u32): u32 {
  return load<u8>(length, lengthIndex);
}

export function lengthBaseOf(index: u32): u32 {
  return load<u16>(lengthBase + (index << 1));
}

export function lengthExtraBitsOf(index: u32): u32 {
  return load<u8>(lengthExtraBits + index);
}

/**
 * The symbol of a distance, of which `less1` is one less.
 *
 * From the third on, symbols come in pairs for each power of two: the place of the highest bit is the pair, the bit
 * below it is which of the two. So it is computed, without a branch and without a table that would push the input
 * from the cache.
 */
export function distanceSymbolOf(less1: u32): u32 {
  const highest = 31 - clz(less1 | 1);
  return (highest << 1) + ((less1 >> ((highest - 1) & 31)) & 1) + u32(less1 == 1);
}

export function distanceExtraBitsOf(symbol: u32): u32 {
  return load<u8>(distanceExtraBits + symbol);
}

export function codeLengthExtraBitsOf(symbol: u32): u32 {
  return load<u8>(codeLengthExtraBits + symbol);
}

export function codeLengthSymbolAt(place: u32): u32 {
  return load<u8>(codeLengthOrder + place);
}
