import {
  DISTANCE_SYMBOLS,
  distanceExtraBitsOf,
  END_OF_BLOCK_SYMBOL,
  FIRST_LENGTH_SYMBOL,
  LITERAL_LENGTH_SYMBOLS,
  lengthBaseOf,
  lengthExtraBitsOf,
} from "../alphabets.ts";
import { END_OF_BLOCK, INVALID, literal, matchPart } from "./entry.ts";

/*
 * What the symbols of the three alphabets mean, as entries of decoding tables that lack the length of a code.
 */

const distanceBase = memory.data<u16>([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
  6145, 8193, 12289, 16385, 24577,
]);

export function literalLengthEntry(symbol: u32): u32 {
  if (symbol < END_OF_BLOCK_SYMBOL) return literal(symbol);
  if (symbol === END_OF_BLOCK_SYMBOL) return END_OF_BLOCK;
  if (symbol >= LITERAL_LENGTH_SYMBOLS) return INVALID;
  const index = symbol - FIRST_LENGTH_SYMBOL;
  return matchPart(lengthBaseOf(index), lengthExtraBitsOf(index));
}

export function distanceEntry(symbol: u32): u32 {
  if (symbol >= DISTANCE_SYMBOLS) return INVALID;
  return matchPart(load<u16>(distanceBase + (symbol << 1)), distanceExtraBitsOf(symbol));
}

export function precodeEntry(symbol: u32): u32 {
  return matchPart(symbol, 0);
}
