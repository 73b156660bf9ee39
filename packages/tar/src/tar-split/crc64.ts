import { crc64 } from "@drayage/kernels";

/** The CRC-64 of what `value` is of, followed by `bytes`, by the polynomial of ISO 3309 as Go's hash/crc64 has it. */
export type Crc64 = (bytes: Uint8Array, value: bigint) => bigint;

let chosen: Crc64 | undefined;

/** The kernel's, or one in JavaScript where there is no WebAssembly or no room for it. */
export function chooseCrc64(): Crc64 {
  chosen ??= kernelRuns() ? crc64 : crc64InScript;
  return chosen;
}

function kernelRuns(): boolean {
  try {
    crc64(new Uint8Array(0));
    return true;
  } catch {
    // Whatever the reason, there is the other one.
    return false;
  }
}

/** What each value of a byte adds to the remainder's upper half. The polynomial's terms leave the lower half alone. */
let table: Uint32Array | undefined;

/** Byte by byte, in two halves of 32 bits. */
export function crc64InScript(bytes: Uint8Array, value: bigint): bigint {
  table ??= makeTable();
  let high = ~Number(value >> 32n);
  let low = ~Number(value & 0xffffffffn);
  for (let at = 0; at < bytes.length; at++) {
    const added = table[(low ^ (bytes[at] as number)) & 0xff] as number;
    low = (low >>> 8) | (high << 24);
    high = (high >>> 8) ^ added;
  }
  return (BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0);
}

/** x⁶⁴ + x⁴ + x³ + x + 1, its lowest power in the highest bit: the upper half of it. */
const polynomial = 0xd8000000;

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let high = 0;
    let low = byte;
    for (let bit = 0; bit < 8; bit++) {
      const carry = low & 1;
      low = (low >>> 1) | (high << 31);
      high = (high >>> 1) ^ (carry === 1 ? polynomial : 0);
    }
    return high >>> 0;
  });
}

const crcLength = 8;

/** As tar-split keeps it: the highest byte first. */
export function crc64Bytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(crcLength);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}
