import type { Budget } from "./budget.ts";

const blockSize = 256 * 1024;

/** Bytes that are kept in memory, in blocks, as they come. */
export class KeptBytes {
  readonly #blocks: Uint8Array[] = [];
  readonly #budget: Budget;
  #size = 0;
  #released = false;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get size(): number {
    return this.#size;
  }

  /** Takes a copy, and gives views of that. Throws `ERR_DRAYAGE_LIMIT_EXCEEDED` where the store would have too much. */
  append(bytes: Uint8Array): readonly Uint8Array[] {
    const kept: Uint8Array[] = [];
    this.#budget.take(bytes.length);
    for (let at = 0; at < bytes.length; ) {
      const offset = this.#size % blockSize;
      if (offset === 0) this.#blocks.push(new Uint8Array(blockSize));
      const block = this.#blocks.at(-1) ?? new Uint8Array();
      const piece = bytes.subarray(at, at + blockSize - offset);
      block.set(piece, offset);
      kept.push(block.subarray(offset, offset + piece.length));
      at += piece.length;
      this.#size += piece.length;
    }
    return kept;
  }

  /** Gives back what the last block has too much. Nothing is appended any more. */
  finish(): void {
    const last = this.#blocks.pop();
    const used = this.#size % blockSize;
    if (last !== undefined) this.#blocks.push(used === 0 ? last : last.slice(0, used));
  }

  /** Fills the buffer from `position` on as far as there are bytes, and says how many. */
  read(buffer: Uint8Array, position: number): number {
    let done = 0;
    while (done < buffer.length && position + done < this.#size) {
      const at = position + done;
      const block = this.#blocks[Math.floor(at / blockSize)] ?? new Uint8Array();
      const piece = block.subarray(at % blockSize, (at % blockSize) + buffer.length - done);
      buffer.set(piece, done);
      done += piece.length;
    }
    return done;
  }

  /** Views of all bytes. They are not to be changed. */
  blocks(): readonly Uint8Array[] {
    return this.#blocks;
  }

  /** Takes them off the budget. What still reads them can go on; then they are gone. */
  release(): void {
    if (!this.#released) this.#budget.give(this.#size);
    this.#released = true;
  }
}
