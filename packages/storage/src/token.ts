import { randomFillSync } from "node:crypto";

let count = 0n;

/**
 * The 64 bytes that tell those who share a lock that what it guards has changed, as containers/storage forms them: nanoseconds,
 * a counter and the process's number, little-endian, and chance.
 */
export function createToken(): Uint8Array {
  count += 1n;
  const token = randomFillSync(Buffer.alloc(64));
  token.writeBigUInt64LE(BigInt(Date.now()) * 1_000_000n, 0);
  token.writeBigUInt64LE(count, 8);
  token.writeUInt32LE(process.pid, 16);
  return token;
}
