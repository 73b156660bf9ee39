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

/** Something that is made of a blob's bytes while they pass, in the thread where they are. */
export interface Consumer {
  /** Takes the next bytes. They are only valid until the call is over. */
  take(chunk: Uint8Array): void;
  /** After the last bytes, when all are verified. Gives plain data: what can be sent to another thread. */
  finish(): unknown;
  /** Called once, in the end and after an error. */
  close(): void;
}

/** Makes a consumer, from plain data. */
export type CreateConsumer = (settings: unknown) => Consumer | Promise<Consumer>;

/** A consumer that is made in whatever thread the bytes are in. */
export interface ConsumerSink {
  readonly kind: "consumer";
  /** Makes it in this thread. */
  readonly create: CreateConsumer;
  /**
   * The text of a CommonJS script that exports the same function as `createConsumer`, for other threads; `require`
   * and `workerData.base` are there as tools/build/code-plugin.ts wants them.
   */
  code(): Promise<string>;
  readonly settings: unknown;
  /** Whether nothing else is drained meanwhile, so that two threads may serve one blob: one inflates it, one consumes it. */
  readonly alone?: boolean | undefined;
}

/** Where a blob's bytes go. */
export type BlobSink = FileSink | WriterSink | ConsumerSink;

export interface DrainOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the count of bytes read from the origin so far, at most a few times each megabyte. */
  readonly onBytes?: ((total: number) => void) | undefined;
}

export interface DrainResult extends BlobStage {
  /** Every stage in order; the last is the result itself. `stages[0]` are the origin's bytes. */
  readonly stages: readonly BlobStage[];
  /** What the consumer gave, where the sink is one. */
  readonly consumed?: unknown;
}
