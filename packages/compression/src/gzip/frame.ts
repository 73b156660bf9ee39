/*
 * A gzip member's header and trailer (RFC 1952). No name, no time, no operating system: what Go writes.
 */

export function gzipHeader(level: number): Uint8Array {
  const effort = level >= 9 ? 2 : level === 1 ? 4 : 0;
  return Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, effort, 255);
}

/** `size` counts modulo 2^32. */
export function gzipTrailer(crc: number, size: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, crc, true);
  view.setUint32(4, size % 2 ** 32, true);
  return bytes;
}
