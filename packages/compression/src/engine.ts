import type { Algorithm, DeflateAlgorithm } from "./algorithm.ts";

export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Inflates what is pushed, without a promise. */
export interface SyncInflater {
  /** The engine that does it, as the table of engines names it. */
  readonly engine: string;
  /**
   * Takes the next compressed bytes and gives what comes of them, in chunks of 256 KiB or so that are the
   * caller's. It works while it is iterated, so that a decompression bomb takes no memory: iterate to the
   * end before the next call. Then `chunk` is used no more.
   *
   * @throws ERR_DRAYAGE_COMPRESSION_INVALID, ERR_DRAYAGE_LIMIT_EXCEEDED
   */
  push(chunk: Uint8Array): Iterable<Uint8Array>;
  /** Ends the input and gives the rest. Throws ERR_DRAYAGE_COMPRESSION_INVALID where the stream is truncated. */
  finish(): Iterable<Uint8Array>;
  /** Frees what the engine holds. Call it whether or not the end was reached; more than once does no harm. */
  close(): void;
}

export interface InflateOptions {
  readonly signal?: AbortSignal | undefined;
}

interface Engine {
  /** The library's name: `node:zlib`, `fzstd`. */
  readonly name: string;
  /** Why it cannot serve on this machine, or undefined. */
  unavailable(): string | undefined;
}

/** One library's way to inflate one algorithm; at least one of the two ways is there. */
export interface InflateEngine extends Engine {
  readonly algorithm: Algorithm;
  inflate?(source: ByteSource, options: InflateOptions): AsyncIterable<Uint8Array>;
  createSync?(): SyncInflater;
}

/** One library's way to deflate one block of input. What comes of the blocks in order is the stream. */
export interface DeflateEngine extends Engine {
  readonly algorithm: DeflateAlgorithm;
  /** Whether blocks are deflated on other threads, so that several at a time make sense. */
  readonly parallel: boolean;
  deflateBlock(block: DeflateBlock): Promise<Uint8Array> | Uint8Array;
}

export interface DeflateBlock {
  readonly bytes: Uint8Array;
  /** The input just before it, at most 32 KiB. Of use to gzip alone. */
  readonly dictionary: Uint8Array;
  readonly last: boolean;
  readonly level: number;
}

/** How large chunks of inflated bytes are. */
export const chunkSize: number = 256 * 1024;
