/*
 * What RFC 1951 says of the three alphabets (3.2.5 to 3.2.7), whichever way one goes.
 */

export const END_OF_BLOCK_SYMBOL: u32 = 256;
export const FIRST_LENGTH_SYMBOL: u32 = 257;
/** How many symbols have a meaning. 286 and 287 of literals and lengths have none, nor have 30 and 31 of distances. */
export const LITERAL_LENGTH_SYMBOLS: u32 = 286;
export const DISTANCE_SYMBOLS: u32 = 30;
/** The alphabet that the lengths of the other two's codes are written in. */
export const CODE_LENGTH_SYMBOLS: u32 = 19;

/** Symbols of the code length alphabet that stand for several lengths; 18 is for more zeros than 17. */
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
/** The order in which a dynamic block gives the lengths of the codes for code lengths. */
const codeLengthOrder = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

/** The shortest match of a length symbol, which is so far from the first one. */
export function lengthBaseOf(index: u32): u32 {
  return load<u16>(lengthBase + (index << 1));
}

export function lengthExtraBitsOf(index: u32): u32 {
  return load<u8>(lengthExtraBits + index);
}

export function distanceExtraBitsOf(symbol: u32): u32 {
  return load<u8>(distanceExtraBits + symbol);
}

/** The extra bits of a symbol of the code length alphabet: how many lengths it stands for. */
export function codeLengthExtraBitsOf(symbol: u32): u32 {
  if (symbol < REPEAT_PREVIOUS) return 0;
  if (symbol === REPEAT_PREVIOUS) return 2;
  return symbol === REPEAT_ZERO ? 3 : 7;
}

export function codeLengthSymbolAt(place: u32): u32 {
  return load<u8>(codeLengthOrder + place);
}
