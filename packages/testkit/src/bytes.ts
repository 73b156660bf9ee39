/** The parts as one. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

/** A document's bytes. Indented oddly, so that whoever writes it anew, instead of keeping it, is found out. */
export function encodeJson(document: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(document, undefined, 3)}\n`);
}
