import { deflateWasm } from "./generated/deflate.ts";
import { kernelInstance } from "./module.ts";
import { requireBytes } from "./require-bytes.ts";
import type { Global, KernelExports } from "./webassembly.ts";

/** The most bytes that {@link Deflater.deflateBlock} takes. */
export const deflateBlockLimit: number = 1024 * 1024;

/**
 * The most bytes that {@link Deflater.deflateBlock} gives for a block of `length` bytes, at any level. A block that does not
 * compress is stored, in parts of at least 8 KiB and at most 65535 bytes, each of which takes five bytes more.
 */
export function deflateBlockBound(length: number): number {
  return length + 5 * (Math.floor(length / leastPart) + Math.floor(length / 65535) + 2);
}

const leastPart = 8 * 1024;

export interface DeflateBlockOptions {
  /** 0 (stored), or 1 (fast) to 9 (small). */
  readonly level: number;
  /** The input just before the block, of which the last 32 KiB are used; none where absent. May be in shared memory. */
  readonly dictionary?: Uint8Array | undefined;
  /** Whether the stream ends here. Else the block ends on a byte, by a sync flush (an empty stored block). */
  readonly last: boolean;
}

/**
 * Raw deflate (RFC 1951), a block of at most {@link deflateBlockLimit} bytes at a time, each on its own: what comes of it
 * depends on its bytes and options, and on nothing that was deflated before. What comes of several in a row is one stream.
 */
export interface Deflater {
  /**
   * What comes of the block: a view that is valid until the next call, of at most {@link deflateBlockBound} bytes.
   *
   * @param bytes May be in shared memory.
   * @throws TypeError for what is no Uint8Array; RangeError where the block is too long, or there is no such level.
   */
  deflateBlock(bytes: Uint8Array, options: DeflateBlockOptions): Uint8Array;
}

interface DeflateKernel extends KernelExports {
  /** Where the block is put, and its dictionary so that it ends there. */
  readonly block: Global;
  /** Where the result is. */
  readonly output: Global;
  /** Gives the result's length. */
  deflateBlock(length: number, dictionaryLength: number, level: number, last: 0 | 1): number;
}

const windowSize = 32 * 1024;
const nothing = new Uint8Array(0);

/** A deflater with 2.5 MB of memory of its own. It has nothing to be closed. */
export function createDeflater(): Deflater {
  const kernel = kernelInstance<DeflateKernel>({ name: "deflate", text: deflateWasm });
  const memory = new Uint8Array(kernel.memory.buffer);
  const block = kernel.block.value;
  const output = kernel.output.value;
  return {
    deflateBlock(bytes, { level, dictionary = nothing, last }) {
      requireBytes(bytes);
      requireBytes(dictionary);
      if (bytes.length > deflateBlockLimit) {
        throw new RangeError(`a block of ${bytes.length} bytes is more than ${deflateBlockLimit}`);
      }
      if (!Number.isInteger(level) || level < 0 || level > 9)
        throw new RangeError(`there is no level ${level}`);
      const window = dictionary.subarray(-windowSize);
      memory.set(window, block - window.length);
      memory.set(bytes, block);
      const length = kernel.deflateBlock(bytes.length, window.length, level, last ? 1 : 0);
      return memory.subarray(output, output + length);
    },
  };
}
