import { createHash } from "node:crypto";
import zlib from "node:zlib";
import { sameBytes } from "./bytes.ts";
import { chunksOf } from "./chunks.ts";
import { Failure } from "./failure.ts";
import { guarded } from "./guards.ts";
import { plainBytes } from "./plain.ts";
import type { Kernels, Target } from "./target.ts";

/** Checksums over pieces, compared with those of node:zlib and node:crypto, and with one of another making. */
export function checksumsTarget(kernels: Kernels): Target {
  let checkMemory: (() => void) | undefined;
  return {
    name: "checksums",
    trial(random) {
      checkMemory ??= guarded(() => kernels.crc32(new Uint8Array(1))).check;
      const data = plainBytes(random, random.once(20) ? 300_000 : 3000);
      const seed = random.bits();
      return {
        what: `${data.length} bytes, in pieces by ${seed}`,
        data,
        check(bytes) {
          let [crc32, crc64] = [0, 0n];
          const hash = kernels.createSha256();
          for (const chunk of chunksOf(bytes, seed)) {
            crc32 = kernels.crc32(chunk, crc32);
            crc64 = kernels.crc64(chunk, crc64);
            hash.update(chunk);
          }
          checkMemory?.();
          if (crc32 !== zlib.crc32(bytes)) throw new Failure(`crc32 is ${crc32}`);
          if (crc64 !== crc64ByBytes(bytes)) throw new Failure(`crc64 is ${crc64}`);
          const right = createHash("sha256").update(bytes).digest();
          if (!sameBytes(hash.digest(), right)) throw new Failure("sha256 is another");
        },
      };
    },
  };
}

const crc64Table = Array.from({ length: 256 }, (_, byte) => {
  let remainder = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1n ? (remainder >> 1n) ^ 0xd800000000000000n : remainder >> 1n;
  }
  return { low: Number(remainder & 0xffffffffn) | 0, high: Number(remainder >> 32n) | 0 };
});

/** A byte at a time, in two halves: BigInt would take seconds. */
function crc64ByBytes(bytes: Uint8Array): bigint {
  let [low, high] = [-1, -1];
  for (const byte of bytes) {
    const entry = crc64Table[(low ^ byte) & 255] ?? { low: 0, high: 0 };
    low = ((low >>> 8) | (high << 24)) ^ entry.low;
    high = (high >>> 8) ^ entry.high;
  }
  return (BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0);
}
