import { input } from "../input.ts";

/** The polynomial of ISO 3309 (x⁶⁴ + x⁴ + x³ + x + 1): its lowest power in the highest bit. */
const polynomial: u64 = 0xd800000000000000;

/** How many bytes of input a step takes. */
const slices: usize = 8;

/**
 * A table for each slice, of one double word for each value of a byte: what the byte adds to the remainder when 0, 1,
 * 2 … 7 bytes follow it in the step.
 */
const tables: usize = memory.data(16384, 64);
const tableSize: usize = 2048;

export function makeCrc64Tables(): void {
  for (let byte: u32 = 0; byte < 256; byte++) store<u64>(entry(0, byte), remainderOf(byte));
  for (let slice: usize = 1; slice < slices; slice++) {
    for (let byte: u32 = 0; byte < 256; byte++) {
      store<u64>(entry(slice, byte), withByte(load<u64>(entry(slice - 1, byte)), 0));
    }
  }
}

/** What is left of a byte after division by the polynomial, bit for bit. */
function remainderOf(byte: u32): u64 {
  let remainder: u64 = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >> 1) ^ (remainder & 1 ? polynomial : 0);
  return remainder;
}

function withByte(remainder: u64, byte: u64): u64 {
  return (remainder >> 8) ^ load<u64>(entry(0, remainder ^ byte));
}

/** Where `slice`'s table has what the lowest byte of `bytes` adds. */
function entry(slice: usize, bytes: u64): usize {
  return tables + slice * tableSize + (usize(bytes & 255) << 3);
}

/** How many bytes a word is carried over in `foldWords`: 64 words, in which no word's carry meets its own. */
const stride: usize = 512;

/** Below this many bytes, folding saves nothing. */
const foldedFrom: usize = 2 * stride;

/**
 * The CRC-64 of what `value` is of, followed by the first `length` bytes of the input, which are used up.
 *
 * Most of the input is folded into its last words by `foldWords`; what is left is sliced by 8, as in `crc32`: a double word
 * of the remainder meets a double word of input.
 */
export function crc64(length: u32, value: u64): u64 {
  let remainder = ~value;
  let at = input;
  const end = input + length;
  if (length >= foldedFrom) {
    store<u64>(at, load<u64>(at) ^ remainder);
    remainder = 0;
    at = foldWords(at, end);
  }
  const lastStep = end - (slices - 1);
  for (; at < lastStep; at += slices) {
    const bytes = load<u64>(at) ^ remainder;
    remainder =
      load<u64>(entry(7, bytes)) ^
      load<u64>(entry(6, bytes >> 8)) ^
      load<u64>(entry(5, bytes >> 16)) ^
      load<u64>(entry(4, bytes >> 24)) ^
      load<u64>(entry(3, bytes >> 32)) ^
      load<u64>(entry(2, bytes >> 40)) ^
      load<u64>(entry(1, bytes >> 48)) ^
      load<u64>(entry(0, bytes >> 56));
  }
  for (; at < end; at++) remainder = withByte(remainder, load<u8>(at));
  return ~remainder;
}

/**
 * Adds the words of `start` to `end` to later ones that stand for the same remainder, and says where the last 64 words
 * begin, with the bytes after them, in which all of it is then.
 *
 * x⁶⁴ is x⁴ + x³ + x + 1 modulo the polynomial. Squaring it six times doubles every exponent six times: x⁴⁰⁹⁶ is
 * x²⁵⁶ + x¹⁹² + x⁶⁴ + 1. So a word can be taken away if it is added to those that come 60, 61, 63 and 64 words later:
 * a few additions without carry for each, and no look-up.
 */
function foldWords(start: usize, end: usize): usize {
  const last = start + ((end - start - stride) & ~7);
  const windowEnd = last + stride;
  // The first words of the window have no words 61 to 64 before them, and the last ones none to take 60 to 63 before.
  add(start + 480, start);
  add(start + 488, start + 8);
  add(start + 488, start);
  add(start + 496, start + 16);
  add(start + 496, start + 8);
  add(start + 504, start + 24);
  add(start + 504, start + 16);
  add(start + 504, start);
  const wholeEnd = windowEnd - 32;
  for (let at = start + stride; at < wholeEnd; at += 8) {
    store<u64>(
      at,
      load<u64>(at) ^
        load<u64>(at - 512) ^
        load<u64>(at - 504) ^
        load<u64>(at - 488) ^
        load<u64>(at - 480),
    );
  }
  add(wholeEnd, last - 8);
  add(wholeEnd, last - 24);
  add(wholeEnd, last - 32);
  add(wholeEnd + 8, last - 16);
  add(wholeEnd + 8, last - 24);
  add(wholeEnd + 16, last - 8);
  add(wholeEnd + 16, last - 16);
  add(wholeEnd + 24, last - 8);
  return last;
}

/** Adds the word at `from` to that at `to`. */
function add(to: usize, from: usize): void {
  store<u64>(to, load<u64>(to) ^ load<u64>(from));
}
