import type { Check } from "./check.ts";

// ECMA-182's polynomial, reflected, in two halves.
const polynomialHigh = 0xc96c5795;
const polynomialLow = 0xd7870f42;

const tableHigh = new Int32Array(256);
const tableLow = new Int32Array(256);
for (let index = 0; index < 256; index++) {
  let high = 0;
  let low = index;
  for (let bit = 0; bit < 8; bit++) {
    const carry = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (carry === 1) {
      high ^= polynomialHigh;
      low ^= polynomialLow;
    }
  }
  tableHigh[index] = high;
  tableLow[index] = low;
}

/** CRC-64 as xz has it. */
export function createCrc64(): Check {
  let high = -1;
  let low = -1;
  return {
    update(bytes) {
      for (const byte of bytes) {
        const index = (low ^ byte) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ (tableLow[index] ?? 0);
        high = (high >>> 8) ^ (tableHigh[index] ?? 0);
      }
    },
    value() {
      const bytes = new Uint8Array(8);
      const view = new DataView(bytes.buffer);
      view.setInt32(0, ~low, true);
      view.setInt32(4, ~high, true);
      return bytes;
    },
  };
}
