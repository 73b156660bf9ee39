import type { Digest } from "@drayage/digest";

/** The compressions that a step can undo or apply. */
export type { Algorithm as CompressionAlgorithm } from "@drayage/compression";

import type { Algorithm as CompressionAlgorithm } from "@drayage/compression";

/** A range of a local file. */
export interface FileOrigin {
  readonly kind: "file";
  readonly path: string;
  /** Where the range starts, in bytes. */
  readonly offset: number;
  /** How many bytes the range has. */
  readonly length: number;
  /** Set where the range is the whole file: one that is longer when it is read has changed, and is refused. */
  readonly whole?: boolean | undefined;
}

/** Bytes in memory: configs and other small things. */
export interface BytesOrigin {
  readonly kind: "bytes";
  readonly bytes: Uint8Array;
}

/** Bytes that arrive: a request, a pipe, a generator. */
export interface StreamOrigin {
  readonly kind: "stream";
  /**
   * Opens the bytes, from the start or, where `resumable` is set, from `offset`.
   * Each call opens them anew.
   */
  open(options: {
    readonly offset?: number | undefined;
    readonly signal?: AbortSignal | undefined;
    /** A chunk may be overwritten once the next one is asked for. */
    readonly borrow?: boolean | undefined;
  }): AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;
  /** Whether `open` honours `offset`. */
  readonly resumable?: boolean | undefined;
  /** Whether `open` makes use of `borrow`: such a stream fills the same few buffers again and again. */
  readonly borrows?: boolean | undefined;
}

export type BlobOrigin = FileOrigin | BytesOrigin | StreamOrigin;

/** What is done to the bytes on their way from the origin. */
export type BlobStep =
  /** What passes here must hash to `digest` and be `size` bytes long, where each is given. */
  | { readonly do: "verify"; readonly digest?: Digest | undefined; readonly size?: number | undefined }
  /** Undoes a compression; without `algorithm` it is found by magic, and bytes without a magic pass as they are. */
  | { readonly do: "inflate"; readonly algorithm?: CompressionAlgorithm | undefined }
  | { readonly do: "deflate"; readonly algorithm: "gzip" | "zstd"; readonly level?: number | undefined };

/**
 * A description of bytes, not the bytes: where they come from, what is done to them on the way, and
 * what is known of the result. Nothing is read until a blob is drained or opened.
 */
export interface Blob {
  /** What the bytes hash to after all steps, if known. It is verified whenever they are read. */
  readonly digest?: Digest | undefined;
  /** How many bytes there are after all steps, if known. It is verified likewise. */
  readonly size?: number | undefined;
  /** What the bytes are, for messages: `layer 2 of oci-dir:debian`. The origin is named where absent. */
  readonly what?: string | undefined;
  readonly origin: BlobOrigin;
  readonly steps: readonly BlobStep[];
}

/** What passed at one stage of a drain: stage 0 is the origin, each inflate or deflate step starts another. */
export interface BlobStage {
  readonly digest: Digest;
  readonly size: number;
}
