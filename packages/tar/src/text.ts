const encoder = new TextEncoder();
// A byte order mark is part of a name like any other character.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const shortText = 128;

/** UTF-8, from `start` to `end`, as text; what is not valid UTF-8 becomes U+FFFD. */
export function decodeText(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  if (end - start > shortText) return decoder.decode(bytes.subarray(start, end));
  let text = "";
  for (let index = start; index < end; index++) {
    const byte = bytes[index] as number;
    if (byte >= 0x80) return decoder.decode(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}

export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Where a field of `length` bytes has its first NUL, or ends. */
export function endOfText(bytes: Uint8Array, start: number, length: number): number {
  let end = start;
  while (end < start + length && bytes[end] !== 0) end++;
  return end;
}

const noBytes = new Uint8Array();

/** The bytes of a field up to its first NUL, as a view. */
export function untilNul(bytes: Uint8Array, start: number, length: number): Uint8Array {
  const end = endOfText(bytes, start, length);
  // Most links and prefixes are empty: one array without bytes serves them all.
  return end === start ? noBytes : bytes.subarray(start, end);
}

/** A string with one character, U+0000 to U+00FF, for each byte. */
export type ByteString = string;

const callLimit = 4096;

/** Bytes as a string of one character each, so that rules on bytes can be written as rules on strings. */
export function toByteString(bytes: Uint8Array): ByteString {
  let text = "";
  if (bytes.length <= shortText) {
    for (let index = 0; index < bytes.length; index++) text += String.fromCharCode(bytes[index] as number);
    return text;
  }
  for (let start = 0; start < bytes.length; start += callLimit) {
    text += String.fromCharCode(...bytes.subarray(start, start + callLimit));
  }
  return text;
}

/** The bytes of a {@link ByteString}. */
export function fromByteString(text: ByteString): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}
