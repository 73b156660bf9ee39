import { FIRST_LENGTH_SYMBOL, LITERAL_LENGTH_SYMBOLS, lengthBaseOf } from "../alphabets.ts";

/*
 * The alphabets as a compressor needs them besides: from a length or a distance to its symbol.
 */

export const SHORTEST_MATCH: u32 = 3;
export const LONGEST_MATCH: u32 = 258;
export const WINDOW_SIZE: u32 = 32 * 1024;

const LENGTH_SYMBOLS: u32 = LITERAL_LENGTH_SYMBOLS - FIRST_LENGTH_SYMBOL;

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
