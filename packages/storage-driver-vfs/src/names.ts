/** A name of one character for each byte, as `Folder` of `@drayage/pack` gives them, for a call of the system. */
export function nameBytes(name: string): string | Uint8Array {
  return isAscii(name) ? name : Buffer.from(name, "latin1");
}

/** The same for people; what is not UTF-8 becomes U+FFFD. */
export function textOf(name: string): string {
  return isAscii(name) ? name : Buffer.from(name, "latin1").toString("utf8");
}

function isAscii(name: string): boolean {
  return !/[^\0-\u007f]/.test(name);
}
