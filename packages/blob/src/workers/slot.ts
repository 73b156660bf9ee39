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

export interface Slot extends SlotParts {
  readonly memory: SharedArrayBuffer;
  readonly blockSize: number;
}

/** Slots for whoever deflates next: the garbage collector does not see how much memory there is in one. */
let spare: Slot[] = [];

/** A slot for blocks of at most `blockSize` bytes. */
export function takeSlot(blockSize: number): Slot {
  const found = spare.findIndex((slot) => slot.blockSize === blockSize);
  const [known] = found === -1 ? [] : spare.splice(found, 1);
  if (known !== undefined) return known;
  const memory = new SharedArrayBuffer(dictionaryLimit + outputLimit(blockSize));
  return { memory, blockSize, ...slotParts(memory, blockSize) };
}

/** Gives a slot back, in which no thread does anything any more. */
export function giveSlot(slot: Slot): void {
  spare.push(slot);
}

export function forgetSlots(): void {
  spare = [];
}

export function slotParts(slot: SharedArrayBuffer, blockSize: number): SlotParts {
  return {
    dictionary: new Uint8Array(slot, 0, dictionaryLimit),
    input: new Uint8Array(slot, dictionaryLimit, blockSize),
    output: new Uint8Array(slot, dictionaryLimit),
  };
}
