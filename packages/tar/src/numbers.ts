import type { Field } from "./block.ts";

const space = 0x20;
const zero = 0x30;
const plus = 0x2b;
const minus = 0x2d;

/**
 * A number of a header block: octal digits between spaces and NULs, or, where the first bit is set, the
 * base-256 form of GNU tar and star. An empty field is 0.
 * Undefined where it is neither, or where the number is beyond ±(2^53 - 1).
 */
export function parseNumber(bytes: Uint8Array, start: number, length: number): number | undefined {
  return ((bytes[start] as number) & 0x80) === 0
    ? parseOctal(bytes, start, length)
    : parseBase256(bytes, start, length);
}

/** A number of octal digits between spaces and NULs, as {@link parseNumber}. */
export function parseOctal(bytes: Uint8Array, start: number, length: number): number | undefined {
  let first = start;
  let end = start + length;
  while (first < end && isFiller(bytes[first] as number)) first++;
  while (end > first && isFiller(bytes[end - 1] as number)) end--;
  let value = 0;
  for (let index = first; index < end; index++) {
    const byte = bytes[index] as number;
    // What follows a NUL is not part of the number: some tars leave garbage there.
    if (byte === 0) break;
    const digit = byte - zero;
    if (digit < 0 || digit > 7) return undefined;
    value = value * 8 + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

function isFiller(byte: number): boolean {
  return byte === space || byte === 0;
}

function parseBase256(bytes: Uint8Array, start: number, length: number): number | undefined {
  const first = bytes[start] as number;
  const inversion = (first & 0x40) === 0 ? 0 : 0xff;
  let value = (first ^ inversion) & 0x7f;
  for (let index = start + 1; index < start + length; index++) {
    value = value * 256 + ((bytes[index] as number) ^ inversion);
    if (value > Number.MAX_SAFE_INTEGER) return undefined;
  }
  // Of a negative number all bits are inverted: -1 is 0 then.
  if (inversion === 0) return value;
  return value === Number.MAX_SAFE_INTEGER ? undefined : -value - 1;
}

const octalBounds: readonly number[] = Array.from({ length: 13 }, (_, length) => 8 ** (length - 1));
const base256Bounds: readonly number[] = Array.from({ length: 13 }, (_, length) => 256 ** (length - 1));

/** Whether `value` fits a field of `length` bytes, at most 12, as octal digits with a NUL at the end. */
export function fitsOctal(length: number, value: number): boolean {
  return value >= 0 && value < (octalBounds[length] as number);
}

/** Whether `value` fits a field of `length` bytes, at most 12, in base 256 with a first byte of 0x80 or 0xff. */
export function fitsBase256(length: number, value: number): boolean {
  const bound = base256Bounds[length] as number;
  return value >= -bound && value < bound;
}

/** Writes `value` at `start` as octal digits with leading zeros, and a NUL as the last of `length` bytes. It must fit. */
export function writeOctal(block: Uint8Array, { start, length }: Field, value: number): void {
  let rest = value;
  for (let index = start + length - 2; index >= start; index--) {
    const next = Math.floor(rest / 8);
    block[index] = zero + rest - next * 8;
    rest = next;
  }
}

/** Writes `value` in base 256, as GNU tar does. It must fit. */
export function writeBase256(block: Uint8Array, { start, length }: Field, value: number): void {
  let rest = value;
  for (let index = start + length - 1; index >= start; index--) {
    const next = Math.floor(rest / 256);
    block[index] = rest - next * 256;
    rest = next;
  }
  block[start] = (block[start] as number) | 0x80;
}

/** Decimal digits with an optional sign, as the numbers of PAX records; undefined for all else and beyond ±(2^53 - 1). */
export function parseDecimal(bytes: Uint8Array, start = 0, end: number = bytes.length): number | undefined {
  const signed = start < end && (bytes[start] === plus || bytes[start] === minus);
  const first = signed ? start + 1 : start;
  if (first >= end) return undefined;
  let value = 0;
  for (let index = first; index < end; index++) {
    const digit = (bytes[index] as number) - zero;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
    if (value > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return signed && bytes[start] === minus && value !== 0 ? -value : value;
}
