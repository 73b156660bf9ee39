import { output } from "./memory.ts";

/*
 * The output as a row of bits (RFC 1951, 3.1.1): the lowest bit of a byte comes first. Bits are gathered in a word of
 * 64, and its whole bytes are stored when it may not hold what comes next.
 */

/** Bits that are not stored yet; those above `bitCount` are 0. */
export let bits: u64 = 0;
export let bitCount: u32 = 0;
/** Where the next bits are stored. */
export let next: usize = output;

export function startOutput(): void {
  bits = 0;
  bitCount = 0;
  next = output;
}

/** Adds bits, of which at most 56 may be added between two flushes. */
export function putBits(value: u32, count: u32): void {
  bits |= u64(value) << bitCount;
  bitCount += count;
}

/** Stores all whole bytes. Up to seven bits remain. */
export function flushBits(): void {
  store<u64>(next, bits);
  next += bitCount >> 3;
  bits >>= bitCount & ~7;
  bitCount &= 7;
}

/** Goes on where a loop has left off that kept the three in variables of its own. */
export function resumeBits(word: u64, count: u32, place: usize): void {
  bits = word;
  bitCount = count;
  next = place;
}

/** Fills the last byte with zeros, and stores it. */
export function alignToByte(): void {
  flushBits();
  bitCount = (bitCount + 7) & ~7;
  flushBits();
}

/** Bytes as they are. To be called at the start of a byte. */
export function putBytes(from: usize, length: u32): void {
  memory.copy(next, from, length);
  next += length;
}

export function outputLength(): u32 {
  return u32(next - output);
}
