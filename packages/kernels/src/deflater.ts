/** The most bytes that {@link Deflater.deflateBlock} takes. */
export const deflateBlockLimit: number = 1024 * 1024;

export interface DeflateBlockOptions {
  /** 1 (fast) to 9 (small). */
  readonly level: number;
  /** The input just before the block, at most 32 KiB of which are used; none where absent. */
  readonly dictionary?: Uint8Array | undefined;
  /** Whether the stream ends here. Else the block ends on a byte, by a sync flush (an empty stored block). */
  readonly last: boolean;
}

/** Raw deflate (RFC 1951), a block of at most {@link deflateBlockLimit} bytes at a time, each on its own. */
export interface Deflater {
  /** What comes of the block: a view that is valid until the next call. */
  deflateBlock(bytes: Uint8Array, options: DeflateBlockOptions): Uint8Array;
}

export function createDeflater(): Deflater {
  throw new TypeError("not yet");
}
