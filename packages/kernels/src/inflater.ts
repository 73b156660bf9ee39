import { DrayageError } from "@drayage/errors";
import { inflateWasm } from "./generated/inflate.ts";
import { kernelInstance } from "./module.ts";
import { requireBytes } from "./require-bytes.ts";
import type { KernelExports } from "./webassembly.ts";

/** Raw deflate streams (RFC 1951), one at a time, inflated piece by piece in a fixed amount of memory: 384 KiB. */
export interface Inflater {
  /** Whether the stream's last block has ended: nothing more comes of {@link Inflater.next}. */
  readonly ended: boolean;
  /**
   * How many bytes at the end of the last push are not part of the stream: what follows it, such as a gzip
   * trailer. 0 before the end.
   */
  readonly unused: number;
  /**
   * Takes compressed bytes, of any number. They are read until {@link Inflater.next} gives nothing, so they must stay
   * as they are until then. To be called when `next` gave nothing, and not after the end.
   *
   * @throws TypeError for what is no Uint8Array, and where it is not to be called.
   */
  push(bytes: Uint8Array): void;
  /**
   * The next inflated bytes, at most 256 KiB: a view that is valid until the next call. Empty when it needs more
   * input, or has ended. All is given that the input so far holds completely.
   *
   * @throws ERR_DRAYAGE_COMPRESSION_INVALID, again and again, until a reset
   */
  next(): Uint8Array;
  /** Says that no more input comes: where the stream then lacks its end, `next` throws instead of giving nothing. */
  finish(): void;
  /** Makes it ready for another stream, whatever came of the last one. */
  reset(): void;
}

/** What assembly/inflate/index.ts exports. */
interface InflateKernel extends KernelExports {
  reset(): void;
  inputPlace(): number;
  inputSize(): number;
  feed(length: number): void;
  unusedInput(): number;
  startChunk(): void;
  run(): number;
  chunkPlace(): number;
  chunkLength(): number;
}

/** What `run` ends with: the numbers of assembly/inflate/status.ts. */
const status = { needsInput: 0, chunkFull: 1, ended: 2 } as const;

const problems: Readonly<Record<number, string>> = {
  16: "a block has the type 3, which is reserved",
  17: "the length of a stored block is not confirmed by its complement",
  18: "a block announces more symbols than there are",
  19: "the code for a block's code lengths is over-subscribed or incomplete",
  20: "a block repeats code lengths where none can be",
  21: "a block has no code for its end",
  22: "a block's code for literals and lengths is over-subscribed or incomplete",
  23: "a block's code for distances is over-subscribed or incomplete",
  24: "bits stand for no literal and no length",
  25: "bits stand for no distance",
  26: "a distance reaches back beyond the start",
};

const nothing = new Uint8Array(0);

export interface InflaterOptions {
  /** What the stream is part of, for the sentences of errors: `deflate` unless said. */
  readonly format?: string | undefined;
}

/** An inflater with a memory of its own. For many short streams use one again: see {@link Inflater.reset}. */
export function createInflater({ format = "deflate" }: InflaterOptions = {}): Inflater {
  const kernel = kernelInstance<InflateKernel>({ name: "inflate", text: inflateWasm });
  const { buffer } = kernel.memory;
  const place = new Uint8Array(buffer, kernel.inputPlace(), kernel.inputSize());
  let input: Uint8Array = nothing;
  let inputTaken = 0;
  /** Whether all that comes of the last push was given. */
  let drained = true;
  let ended = false;
  let finished = false;
  kernel.reset();

  /** Gives the kernel the next piece of input. False where there is none. */
  function feed(): boolean {
    // More may have been taken than there is now: what is in a resizable buffer can shrink.
    if (inputTaken >= input.length) return false;
    const piece = input.subarray(inputTaken, inputTaken + place.length);
    place.set(piece);
    inputTaken += piece.length;
    kernel.feed(piece.length);
    return true;
  }

  /** Fills a chunk as far as there is input. Returns what stopped it. */
  function fillChunk(): number {
    kernel.startChunk();
    for (;;) {
      const result = kernel.run();
      if (result !== status.needsInput || !feed()) return result;
    }
  }

  return {
    get ended() {
      return ended;
    },
    get unused() {
      return ended ? Math.max(0, input.length - inputTaken) + kernel.unusedInput() : 0;
    },
    push(bytes) {
      requireBytes(bytes);
      if (ended) throw new TypeError("the stream has ended: reset makes the inflater ready for another");
      if (!drained)
        throw new TypeError("the last push has not been used up: call next until it gives nothing");
      input = bytes;
      inputTaken = 0;
      drained = bytes.length === 0;
    },
    next() {
      if (ended) return nothing;
      const result = fillChunk();
      if (result > status.ended) {
        drained = true;
        throw damaged(format, problems[result] ?? `problem ${result}`);
      }
      ended = result === status.ended;
      const length = kernel.chunkLength();
      drained = length === 0;
      if (length > 0) return new Uint8Array(buffer, kernel.chunkPlace(), length);
      if (finished && !ended) throw truncated(format);
      return nothing;
    },
    finish() {
      finished = true;
    },
    reset() {
      kernel.reset();
      input = nothing;
      inputTaken = 0;
      drained = true;
      ended = false;
      finished = false;
    },
  };
}

function damaged(format: string, problem: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_COMPRESSION_INVALID", `the ${format} stream is damaged: ${problem}`);
}

function truncated(format: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_COMPRESSION_INVALID", `the ${format} stream is truncated`);
}
