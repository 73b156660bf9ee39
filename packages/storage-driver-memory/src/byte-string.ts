/** Bytes as a string with one character, U+0000 to U+00FF, for each: names need not be UTF-8, and strings serve as keys. */
export type ByteString = string;

export function toByteString(bytes: Uint8Array): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

export function toBytes(text: ByteString): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

export function textOf(text: ByteString): string {
  return Buffer.from(text, "latin1").toString("utf8");
}

/** The names on the way to a path, cleaned by text alone; nothing is above the root: `/../a/./b` is `a`, `b`. */
export function namesOf(path: ByteString): readonly ByteString[] {
  const names: ByteString[] = [];
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names;
}
