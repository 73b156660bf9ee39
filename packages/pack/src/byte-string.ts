/** A string with one character, U+0000 to U+00FF, for each byte: names of files, which need not be UTF-8. It sorts as its bytes do. */
export type ByteString = string;

export function bytesOf(text: ByteString): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** As text; what is not UTF-8 becomes U+FFFD. */
export function textOf(text: ByteString): string {
  return isAscii(text) ? text : Buffer.from(text, "latin1").toString("utf8");
}

export function byteStringOf(bytes: Uint8Array): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** What Node's fs takes for a path. */
export function fsPath(path: ByteString): string | Buffer {
  return isAscii(path) ? path : Buffer.from(path, "latin1");
}

function isAscii(text: ByteString): boolean {
  return !/[^\0-\u007f]/.test(text);
}
