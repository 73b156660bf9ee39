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

/**
 * The CRC-64 of what `value` is of, followed by the first `length` bytes of the input. Slicing by 8, as in `crc32`: a
 * double word of the remainder meets a double word of input.
 */
export function crc64(length: u32, value: u64): u64 {
  let remainder = ~value;
  let at = input;
  const end = input + length;
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
