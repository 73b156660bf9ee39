/**
 * Bytes as a string with one character, U+0000 to U+00FF, for each: names need not be UTF-8, and strings compare, join and
 * serve as keys.
 */
export type ByteString = string;

export function toByteString(bytes: Uint8Array): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

export function toBytes(text: ByteString): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

/** As text for messages, shortened where it is very long. */
export function quoted(text: ByteString): string {
  const name = Buffer.from(text, "latin1").toString("utf8");
  return JSON.stringify(name.length > longestQuoted ? `${name.slice(0, longestQuoted)}…` : name);
}

const longestQuoted = 200;
const beyondAscii = /[\x80-\xff]/;

/** As Node's `fs` and system calls take it. */
export function toPath(text: ByteString): string | Buffer {
  return beyondAscii.test(text) ? Buffer.from(text, "latin1") : text;
}
