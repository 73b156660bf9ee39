/*
 * An entry of a decoding table: 32 bits that say what the next bits of input mean.
 *
 *   bits      literal          part of a match           subtable               end of block, invalid
 *   0 to 7    the code's bits  the code's and the        bits of the index of   the code's bits
 *                              extra bits                the table it is in
 *   8 to 12   0                the code's bits           bits of its index      0
 *   13        0                0                         0                      1 at an end of block
 *   14        0                0                         1                      0
 *   15        0                0                         1                      1
 *   16 to 30  the byte         a length or distance,     its place              0
 *                              without the extra bits
 *   31        1                0                         0                      0
 *
 * So the lowest bits are always those to drop. The fast loop may shift by an entry as it is, for WebAssembly shifts
 * modulo 64, and may subtract one as it is from a count of bits that is read modulo 256.
 */

const LITERAL: u32 = 1 << 31;
const EXCEPTION: u32 = 1 << 15;
const SUBTABLE: u32 = 1 << 14;
const BLOCK_END: u32 = 1 << 13;

export const INVALID: u32 = EXCEPTION;
export const END_OF_BLOCK: u32 = EXCEPTION | BLOCK_END;

export function literal(byte: u32): u32 {
  return LITERAL | (byte << 16);
}

/** Part of a match: a length or a distance, less what its extra bits add. */
export function matchPart(base: u32, extraBits: u32): u32 {
  return (base << 16) | extraBits;
}

export function subtable(place: u32, bits: u32, tableBits: u32): u32 {
  return EXCEPTION | SUBTABLE | (place << 16) | (bits << 8) | tableBits;
}

/** An entry that knows how many bits its code has (in a subtable: those after the table's index). */
export function withCodeBits(entry: u32, bits: u32): u32 {
  if (isLiteral(entry) || isException(entry)) return entry + bits;
  return entry + bits + (bits << 8);
}

export function isLiteral(entry: u32): bool {
  return (entry & LITERAL) !== 0;
}

/** Of what is no literal: whether it is no part of a match either. */
export function isException(entry: u32): bool {
  return (entry & EXCEPTION) !== 0;
}

/** Of an exception. */
export function isSubtable(entry: u32): bool {
  return (entry & SUBTABLE) !== 0;
}

/** Of an exception. */
export function isEndOfBlock(entry: u32): bool {
  return (entry & BLOCK_END) !== 0;
}

/** The bits to drop. */
export function bitsOf(entry: u32): u32 {
  return entry & 0xff;
}

/** A literal. */
export function byteOf(entry: u32): u8 {
  return u8(entry >> 16);
}

/** A symbol of the precode. */
export function symbolOf(entry: u32): u32 {
  return entry >> 16;
}

/** A length or distance, of which the code and the extra bits are the lowest of `bits`. */
export function matchValue(entry: u32, bits: u64): u32 {
  const codeAndExtraBits = bits & ((u64(1) << entry) - 1);
  return (entry >> 16) + u32(codeAndExtraBits >> ((entry >> 8) & 31));
}

/** Where in the table the entry is that this one, which is of a subtable, leads to. `bits` follow the table's index. */
export function subtableIndex(entry: u32, bits: u64): u32 {
  return ((entry >> 16) & 0x7fff) + (u32(bits) & ((1 << ((entry >> 8) & 31)) - 1));
}
