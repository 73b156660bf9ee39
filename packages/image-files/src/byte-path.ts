/*
 * Paths as keys: a text of one character for each byte, so that names which are no UTF-8 stay what they are.
 */

export function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

export function keyOfText(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

export function bytesOfKey(key: string): Uint8Array {
  return new Uint8Array(Buffer.from(key, "latin1"));
}

export function textOfKey(key: string): string {
  return Buffer.from(key, "latin1").toString("utf8");
}

/** The names on the way to a path, cleaned by text alone and held below the root, as in a chroot: `/../a/./b` is `a`, `b`. */
export function namesOf(key: string): readonly string[] {
  const names: string[] = [];
  for (const name of key.split("/")) {
    if (name === "" || name === ".") continue;
    if (name === "..") names.pop();
    else names.push(name);
  }
  return names;
}
