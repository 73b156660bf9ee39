import type { Algorithm } from "./algorithm.ts";

/** As many bytes of a stream's start tell its compression. Fewer do for short streams. */
export const magicLength = 6;

/**
 * The compression that bytes start with, by magic, or undefined. A zstd stream may start with a skippable
 * frame (RFC 8878, 3.1.2). The first {@link magicLength} bytes are all that is looked at.
 */
export function detectCompression(head: Uint8Array): Algorithm | undefined {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = -1] = head;
  if (a === 0x1f && b === 0x8b && c === 0x08) return "gzip";
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return "zstd";
  if ((a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18) return "zstd";
  if (a === 0x42 && b === 0x5a && c === 0x68 && d >= 0x31 && d <= 0x39) return "bzip2";
  if (a === 0xfd && b === 0x37 && c === 0x7a && d === 0x58 && e === 0x5a && f === 0x00) return "xz";
  return undefined;
}
