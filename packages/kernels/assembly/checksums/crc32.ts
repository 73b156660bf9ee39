import { input } from "../input.ts";

/** The polynomial of IEEE 802.3, which gzip has too (RFC 1952, 8): its lowest power in the highest bit. */
const polynomial: u32 = 0xedb88320;

/** How many bytes of input a step takes. */
const slices: usize = 16;

/**
 * A table for each slice, of one word for each value of a byte: what the byte adds to the remainder when 0, 1, 2 … 15
 * bytes follow it in the step.
 */
const tables: usize = memory.data(16384, 64);
const tableSize: usize = 1024;

export function makeCrc32Tables(): void {
  for (let byte: u32 = 0; byte < 256; byte++) store<u32>(entry(0, byte), remainderOf(byte));
  for (let slice: usize = 1; slice < slices; slice++) {
    for (let byte: u32 = 0; byte < 256; byte++) {
      store<u32>(entry(slice, byte), withByte(load<u32>(entry(slice - 1, byte)), 0));
    }
  }
}

/** What is left of a byte after division by the polynomial, bit for bit. */
function remainderOf(byte: u32): u32 {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >> 1) ^ (remainder & 1 ? polynomial : 0);
  return remainder;
}

function withByte(remainder: u32, byte: u32): u32 {
  return (remainder >> 8) ^ load<u32>(entry(0, remainder ^ byte));
}

/** Where `slice`'s table has what the lowest byte of `bytes` adds. */
function entry(slice: usize, bytes: u32): usize {
  return tables + slice * tableSize + ((bytes & 255) << 2);
}

/**
 * The CRC-32 of what `value` is of, followed by the first `length` bytes of the input.
 *
 * Slicing by 16: the remainder is linear, so that each of 16 bytes is looked up by itself, in the table that knows how
 * many bytes follow it, and the results are added up without carry. No lookup waits for another, as they do where a
 * step takes one byte; only those of the first four bytes wait for the step before, so they are added last.
 */
export function crc32(length: u32, value: u32): u32 {
  let remainder = ~value;
  let at = input;
  const end = input + length;
  const lastStep = end - (slices - 1);
  for (; at < lastStep; at += slices) {
    const others = four(load<u32>(at, 4), 8) ^ four(load<u32>(at, 8), 4) ^ four(load<u32>(at, 12), 0);
    remainder = four(load<u32>(at) ^ remainder, 12) ^ others;
  }
  for (; at < end; at++) remainder = withByte(remainder, load<u8>(at));
  return ~remainder;
}

/** What four bytes add to the remainder, where `following` bytes of the step follow them. */
function four(bytes: u32, following: usize): u32 {
  return (
    (load<u32>(entry(following + 3, bytes)) ^ load<u32>(entry(following + 2, bytes >> 8))) ^
    (load<u32>(entry(following + 1, bytes >> 16)) ^ load<u32>(entry(following, bytes >> 24)))
  );
}
