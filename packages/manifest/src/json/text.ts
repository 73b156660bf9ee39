const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** UTF-8 of a text; lone surrogates become U+FFFD, as Go's strings have them. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * The text of UTF-8 bytes. As in Go, each byte that is no part of a valid sequence becomes one U+FFFD; the
 * platform's own decoder makes one of a whole truncated sequence.
 *
 * `replacement` may be a lone surrogate instead, where what such a byte becomes is left to the encoder: it
 * stands for the invalid byte that a Go string would still hold.
 */
export function decodeUtf8(bytes: Uint8Array, replacement = "\ufffd"): string {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return decodeDamaged(bytes, replacement);
  }
}

function decodeDamaged(bytes: Uint8Array, replacement: string): string {
  let text = "";
  let valid = 0;
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    text += strictDecoder.decode(bytes.subarray(valid, at)) + replacement;
    at += 1;
    valid = at;
  }
  return text + strictDecoder.decode(bytes.subarray(valid));
}

/** How many bytes the valid sequence at `at` has; 0 where there is none. Table 3-7 of the Unicode Standard. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  const second = bytes[at + 1] ?? 0;
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return 0;
  for (let i = at + 2; i < at + length; i += 1) {
    if (((bytes[i] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return length;
}

/** Orders texts as Go orders strings: by the bytes of their UTF-8, which is by code points. */
export function compareText(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates stand for code points above all others of one unit.
    const xHigh = x >= 0xd800 && x <= 0xdfff;
    const yHigh = y >= 0xd800 && y <= 0xdfff;
    return xHigh === yHigh ? x - y : xHigh ? 1 : -1;
  }
  return a.length - b.length;
}
