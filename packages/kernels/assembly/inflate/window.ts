import { CHUNK_RESERVE, CHUNK_SIZE, HISTORY_SIZE, historyStart, windowEnd } from "./memory.ts";

/*
 * The window of output. A chunk is what has been written since the last call of `startChunk`.
 */

/** Where the chunk starts, and where the next byte goes. */
export let chunkStart: usize = historyStart;
export let outputNext: usize = historyStart;
/** From here on nothing more is begun; what was begun fits in, so the next byte may be beyond. */
export let outputLimit: usize = historyStart;

export function resetWindow(): void {
  outputNext = historyStart;
  startChunk();
}

/**
 * Starts a chunk, of which nothing is written yet. Where less than half a chunk is free the history moves to the
 * window's start.
 */
export function startChunk(): void {
  if (windowEnd - outputNext < CHUNK_SIZE / 2) {
    memory.copy(historyStart, outputNext - HISTORY_SIZE, HISTORY_SIZE);
    outputNext = historyStart + HISTORY_SIZE;
  }
  chunkStart = outputNext;
  outputLimit = min(windowEnd, chunkStart + CHUNK_SIZE) - CHUNK_RESERVE;
}

/** Says that output was written up to `next`. */
export function setOutputNext(next: usize): void {
  outputNext = next;
}

export function isChunkFull(): bool {
  return outputNext >= outputLimit;
}

/** Copies as many of `length` stored bytes as there is room for. Returns how many. */
export function copyStored(from: usize, length: u32): u32 {
  // The block before may have ended beyond the limit.
  if (isChunkFull()) return 0;
  const copied = min(length, u32(outputLimit - outputNext));
  memory.copy(outputNext, from, copied);
  outputNext += copied;
  return copied;
}
