import { createByteQueue } from "../byte-queue.ts";

/** Bits of a bzip2 stream, the most significant first, out of bytes that are pushed. */
export interface BitReader {
  push(chunk: Uint8Array): void;
  /** How many whole bytes were pushed and not read. */
  available(): number;
  /** The next `count` bits, at most 24. Throws {@link outOfBits} where there are too few. */
  read(count: number): number;
  /** The next `count` bits, at most 24, without taking them. Zeros stand for what is missing. */
  peek(count: number): number;
  /** Takes `count` bits that were peeked. */
  skip(count: number): void;
  /** Goes on to the next whole byte. */
  align(): void;
}

/** Thrown by a reader that has too few bits; what was read of the block until then is lost. */
export const outOfBits: unique symbol = Symbol("out of bits");

export function createBitReader(): BitReader {
  const queue = createByteQueue();
  let buffer = 0;
  let bits = 0;

  function skip(count: number): void {
    if (bits < count) throw outOfBits;
    bits -= count;
  }

  function peek(count: number): number {
    while (bits < count && queue.length > 0) {
      buffer = (buffer << 8) | queue.shift();
      bits += 8;
    }
    // What was read before is still in the buffer's upper bits; the mask drops it.
    const value = bits >= count ? buffer >>> (bits - count) : buffer << (count - bits);
    return value & ((1 << count) - 1);
  }

  return {
    push: (chunk) => queue.push(chunk),
    available: () => queue.length + (bits >> 3),
    peek,
    skip,
    read(count) {
      const value = peek(count);
      skip(count);
      return value;
    },
    align: () => skip(bits % 8),
  };
}
