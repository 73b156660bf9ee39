/** CRC-32 as gzip has it (RFC 1952, 8), going on from `value`. */
export function crc32(_bytes: Uint8Array, _value = 0): number {
  throw new TypeError("not yet");
}

/** CRC-64 with the polynomial of ISO 3309, as Go's hash/crc64 and tar-split have it, going on from `value`. */
export function crc64(_bytes: Uint8Array, _value = 0n): bigint {
  throw new TypeError("not yet");
}

/** SHA-256 (FIPS 180-4), piece by piece. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** The hash of all bytes so far: 32 bytes. More may follow. */
  digest(): Uint8Array;
  copy(): Sha256;
}

export function createSha256(): Sha256 {
  throw new TypeError("not yet");
}
