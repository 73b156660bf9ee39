/** One raw deflate stream (RFC 1951), inflated piece by piece in a fixed amount of memory. */
export interface Inflater {
  /** Whether the stream's last block has ended: nothing more comes of {@link Inflater.next}. */
  readonly ended: boolean;
  /**
   * How many of the bytes that were pushed since the last push are not part of the stream: what follows its end, such as a
   * gzip trailer. 0 before the end.
   */
  readonly unused: number;
  /**
   * Takes compressed bytes, of any number; they are copied, or used no more once {@link Inflater.next} gave nothing.
   * To be called when `next` gave nothing, and not after the end.
   */
  push(bytes: Uint8Array): void;
  /**
   * The next inflated bytes, at most 256 KiB: a view that is valid until the next call. Empty when it
   * needs more input, or has ended.
   *
   * @throws ERR_DRAYAGE_COMPRESSION_INVALID
   */
  next(): Uint8Array;
  /** Says that no more input comes; `next` then gives the rest, and throws where the stream is truncated. */
  finish(): void;
  /** Makes it ready for another stream. */
  reset(): void;
}

export function createInflater(): Inflater {
  throw new TypeError("not yet");
}
