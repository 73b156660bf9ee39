import type { BlobStage } from "./blob.ts";

/**
 * A place in an open file that takes positioned writes: no pipe, which is a {@link WriterSink}, and none that was opened
 * for appending.
 * The whole file is the sink's when `whole` is set, which allows clones and links.
 */
export interface FileSink {
  readonly kind: "file";
  readonly fd: number;
  readonly path: string;
  /** Where the first byte goes. */
  readonly position: number;
  readonly whole?: boolean | undefined;
  /**
   * How many bytes an interrupted drain of the same blob left at `position`; needs `whole`. They are hashed and
   * kept where the blob's digest is known, it has no steps and its origin can start in its midst. Else the
   * drain starts over.
   */
  readonly present?: number | undefined;
  /**
   * Makes the sink a second name of a file, and gives a descriptor to read what it is now; undefined where that cannot
   * be. Absent where links are not wanted.
   */
  readonly link?: ((from: string) => number | undefined) | undefined;
}

/** Anything that takes chunks in order. A chunk is only valid until the call, or its promise, is over. */
export interface WriterSink {
  readonly kind: "writer";
  write(chunk: Uint8Array): void | Promise<void>;
}

/** Where a blob's bytes go. */
export type BlobSink = FileSink | WriterSink;

export interface DrainOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the count of bytes read from the origin so far, at most a few times each megabyte. */
  readonly onBytes?: ((total: number) => void) | undefined;
}

export interface DrainResult extends BlobStage {
  /** Every stage in order; the last is the result itself. `stages[0]` are the origin's bytes. */
  readonly stages: readonly BlobStage[];
}
