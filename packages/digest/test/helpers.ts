import type { Algorithm } from "../src/index.ts";

/** The digest of no bytes, from FIPS 180-4's functions, as every sha256sum prints it. */
export const emptySha256: string = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

export const hexLength: Readonly<Record<Algorithm, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** `bytes` cut at each of `cuts`, which count modulo the length. */
export function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = cuts.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...places].map((start, index) => bytes.subarray(start, places[index] ?? bytes.length));
}
