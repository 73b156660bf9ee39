import { fromByteString, toByteString } from "../text.ts";

/** By Node's Buffer where there is one. */
export function toBase64(bytes: Uint8Array): string {
  const { Buffer } = globalThis;
  if (Buffer === undefined) return btoa(toByteString(bytes));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

/** Undefined for what is no base64 (RFC 4648, 4) with its padding. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = decode(text);
  // Buffer leaves out what is no base64, so that there are fewer bytes then, and takes the letters of base64url too.
  return bytes?.length === (text.length / 4) * 3 - padding && !/[-_]/.test(text) ? bytes : undefined;
}

function decode(text: string): Uint8Array | undefined {
  const { Buffer } = globalThis;
  if (Buffer !== undefined) return Buffer.from(text, "base64");
  try {
    return fromByteString(atob(text));
  } catch {
    // It throws for what is no base64, and says no more about it.
    return undefined;
  }
}
