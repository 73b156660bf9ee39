/*
 * Raw inflate (RFC 1951). The caller writes input to `inputPlace`, says how much with `feed`, and calls `run`, again and
 * again; the output since `startChunk` is from `chunkPlace` on. Nothing outside the two buffers is read or written,
 * whatever the input, and every run ends.
 */
import { inputEnd, inputNext, resetBits, setInput } from "./bits.ts";
import { inflateBlocks, resetBlocks } from "./blocks.ts";
import { INPUT_SIZE, input } from "./memory.ts";
import { chunkStart, outputNext, resetWindow, startChunk as start } from "./window.ts";

/** Makes it ready for another stream. */
export function reset(): void {
  resetBits();
  resetBlocks();
  resetWindow();
}

export function inputPlace(): usize {
  return input;
}

/** The most bytes that fit there. */
export function inputSize(): u32 {
  return INPUT_SIZE;
}

/** Says that there are `length` bytes of input. To be called when `run` has used up those before. */
export function feed(length: u32): void {
  setInput(length);
}

/** How many bytes of input are not used up. */
export function unusedInput(): u32 {
  return u32(inputEnd - inputNext);
}

/** Inflates until the input is used up, the chunk is full, or the stream has ended or proved wrong: see status.ts. */
export function run(): u32 {
  return inflateBlocks();
}

/** Starts a chunk of output. What the former one held may be overwritten. */
export function startChunk(): void {
  start();
}

export function chunkPlace(): usize {
  return chunkStart;
}

/** How many bytes the chunk has. */
export function chunkLength(): u32 {
  return u32(outputNext - chunkStart);
}
