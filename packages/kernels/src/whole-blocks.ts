import { requireBytes } from "./require-bytes.ts";

export interface WholeBlocks {
  /** How many bytes there were so far. */
  readonly length: number;
  /** The last of them, which do not fill a block yet: a view that is valid until the next update. */
  readonly pending: Uint8Array;
  update(bytes: Uint8Array): void;
}

interface WholeBlocksOptions {
  /** Of a block. */
  readonly size: number;
  readonly input: Uint8Array;
  /** Takes the whole blocks that stand at the start of the input, of so many bytes. */
  take(length: number): void;
  readonly before?: Pick<WholeBlocks, "length" | "pending"> | undefined;
}

/** Brings bytes to a kernel in whole blocks. What does not fill one waits for more. */
export function wholeBlocks({ size, input, take, before }: WholeBlocksOptions): WholeBlocks {
  const waiting = new Uint8Array(size);
  waiting.set(before?.pending ?? []);
  let length = before?.length ?? 0;
  return {
    get length() {
      return length;
    },
    get pending() {
      return waiting.subarray(0, length % size);
    },
    update(bytes) {
      requireBytes(bytes);
      let at = 0;
      while (at < bytes.length) {
        const held = length % size;
        const taken = Math.min(input.length - held, bytes.length - at);
        input.set(waiting.subarray(0, held));
        input.set(bytes.subarray(at, at + taken), held);
        const rest = (held + taken) % size;
        const whole = held + taken - rest;
        if (whole > 0) take(whole);
        waiting.set(input.subarray(whole, whole + rest));
        at += taken;
        length += taken;
      }
    },
  };
}
