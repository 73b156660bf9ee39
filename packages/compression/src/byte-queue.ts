/** Bytes that were pushed and are taken from the front. */
export interface ByteQueue {
  readonly length: number;
  push(chunk: Uint8Array): void;
  /** The first `count` bytes, of which there must be as many. They are valid until the next push. */
  take(count: number): Uint8Array;
  /** The first byte; 0 where there is none. */
  shift(): number;
}

export function createByteQueue(): ByteQueue {
  let bytes = new Uint8Array(0);
  let start = 0;
  let end = 0;
  return {
    get length() {
      return end - start;
    },
    push(chunk) {
      if (end + chunk.length > bytes.length) {
        const rest = bytes.subarray(start, end);
        // Twice what is needed, so that however small the chunks are, each byte is moved a few times at most.
        const roomy = bytes.length >= 2 * (rest.length + chunk.length);
        const moved = roomy ? bytes : new Uint8Array(2 * (rest.length + chunk.length));
        moved.set(rest);
        bytes = moved;
        end -= start;
        start = 0;
      }
      bytes.set(chunk, end);
      end += chunk.length;
    },
    take(count) {
      const taken = bytes.subarray(start, start + count);
      start += taken.length;
      return taken;
    },
    shift: () => (start < end ? (bytes[start++] ?? 0) : 0),
  };
}
