import type { Algorithm, DeflateAlgorithm } from "./algorithm.ts";

export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Inflates what is pushed, without a promise. */
export interface SyncInflater {
  /** The engine that does it, as the table of engines names it. */
  readonly engine: string;
  /**
   * Takes the next compressed bytes and gives what comes of them, in chunks of 256 KiB or so that are the
   * caller's, unless it borrows them: see {@link SyncInflaterOptions.borrow}. It works while it is iterated, so that a decompression bomb takes no memory: iterate to the
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

export interface SyncInflaterOptions {
  /**
   * Whether the caller is done with each chunk before it asks for the next one, or for anything else. Some engines then
   * give views of their own memory instead of copies.
   */
  readonly borrow?: boolean | undefined;
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
  createSync?(options?: SyncInflaterOptions): SyncInflater;
}

/** One library's way to deflate one block of input. What comes of the blocks in order is the stream. */
export interface DeflateEngine extends Engine {
  readonly algorithm: DeflateAlgorithm;
  /** What deflates on the calling thread. It may be a promise, where something has to be loaded. */
  open(): Promise<BlockDeflater> | BlockDeflater;
  /** Deflates on the runtime's own threads, where it has any: then several at a time make sense. Same bytes as `open`'s. */
  deflateBlock?(block: DeflateBlock): Promise<Uint8Array>;
}

/** A block of input, and what has to be known to deflate it: nothing of the blocks before it, but for their end. */
export interface DeflateBlock {
  /** At most as many as {@link BlockFormat.blockSize}, and fewer in the last block alone. May be in shared memory. */
  readonly bytes: Uint8Array;
  /** The input just before it, at most {@link BlockFormat.dictionarySize} bytes. Of use to gzip alone. */
  readonly dictionary: Uint8Array;
  /** Whether the stream ends here. */
  readonly last: boolean;
  /** As `checkLevel` gave it. */
  readonly level: number;
}

/** Deflates one block at a time on the calling thread. For workers, each of which has one. */
export interface BlockDeflater {
  /** The engine that does it, as the table of engines names it. */
  readonly engine: string;
  /** What comes of the block: bytes that are valid until the next call. */
  deflateBlock(block: DeflateBlock): Uint8Array;
  /** Frees what the engine holds. More than once does no harm. */
  close(): void;
}

/** How large chunks of inflated bytes are. */
export const chunkSize: number = 256 * 1024;
