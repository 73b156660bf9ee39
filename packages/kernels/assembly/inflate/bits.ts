import { input } from "./memory.ts";

/*
 * The input as a row of bits (RFC 1951, 3.1.1): the lowest bit of a byte comes first.
 *
 * Bytes are read into a buffer of 64 bits, of which the lowest is the next. All code but the fast loop reads
 * no more than it needs, and only takes bits when it has all that it needs. So whenever input runs out, the
 * buffer holds less than the next symbol or field, and once that is complete, every whole byte still in
 * the buffer is of the newest input: it can be given back.
 */

export let inputNext: usize = input;
export let inputEnd: usize = input;
export let bitBuffer: u64 = 0;
export let bitCount: u32 = 0;

/** Forgets all bits and all input. */
export function resetBits(): void {
  setInput(0);
  bitBuffer = 0;
  bitCount = 0;
}

/** Says that the place for input holds `length` new bytes. The former ones are used up. */
export function setInput(length: u32): void {
  inputNext = input;
  inputEnd = input + length;
}

export function skipInput(length: u32): void {
  inputNext += length;
}

/** Reads bytes until there are `count` bits, at most 57. False where input runs out before. */
export function needBits(count: u32): bool {
  while (bitCount < count) {
    if (inputNext === inputEnd) return false;
    bitBuffer |= u64(load<u8>(inputNext)) << bitCount;
    inputNext++;
    bitCount += 8;
  }
  return true;
}

/** Of the next bits, of which there may be fewer, the lowest `count`. Bits that are not there yet are 0. */
export function peekBits(count: u32): u32 {
  return u32(bitBuffer & ((u64(1) << count) - 1));
}

export function dropBits(count: u32): void {
  bitBuffer >>= count;
  bitCount -= count;
}

export function takeBits(count: u32): u32 {
  const bits = peekBits(count);
  dropBits(count);
  return bits;
}

/** Drops what is left of a byte that was begun. */
export function alignToByte(): void {
  dropBits(bitCount & 7);
}

/** Goes on with bits and input where the fast loop has left them. */
export function resumeBits(buffer: u64, count: u32, next: usize): void {
  bitBuffer = buffer;
  bitCount = count;
  inputNext = next;
  giveBackBytes();
}

/** Unreads the whole bytes in the buffer. */
export function giveBackBytes(): void {
  inputNext -= bitCount >> 3;
  bitCount &= 7;
  bitBuffer &= (u64(1) << bitCount) - 1;
}
