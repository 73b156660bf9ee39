/*
 * A slot is memory that two threads share: one writes a block of input into it, another leaves there what comes of
 * the block, in the place of the input. Nothing of it is posted but its number of bytes.
 */

/** The most that a gzip or zstd block looks back. */
const dictionaryLimit = 32 * 1024;

/** The parts of a slot. */
export interface SlotParts {
  /** The input just before the block, at the end of this part. */
  readonly dictionary: Uint8Array;
  readonly input: Uint8Array;
  /** Begins where the input begins: to be written when that is no longer needed. */
  readonly output: Uint8Array;
}

/** How much comes at most of a block that does not compress, with room to spare: deflate adds 5 bytes to each 64 KiB. */
function outputLimit(blockSize: number): number {
  return blockSize + Math.ceil(blockSize / 64) + 4096;
}

export function createSlot(blockSize: number): SharedArrayBuffer {
  return new SharedArrayBuffer(dictionaryLimit + outputLimit(blockSize));
}

export function slotParts(slot: SharedArrayBuffer, blockSize: number): SlotParts {
  return {
    dictionary: new Uint8Array(slot, 0, dictionaryLimit),
    input: new Uint8Array(slot, dictionaryLimit, blockSize),
    output: new Uint8Array(slot, dictionaryLimit),
  };
}
