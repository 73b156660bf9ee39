/** The longest segment that is made of data, in bytes. Headers may be longer, as Go's tools keep those of an entry together. */
const longestOfData = 512 * 1024;

export interface SegmentBuffer {
  /** Bytes of headers and padding. */
  addHeaders(bytes: Uint8Array): void;
  /** Any number of bytes. */
  addData(bytes: Uint8Array): void;
  /** Hands over what there is. */
  flush(): void;
}

/** Gathers the bytes between two files. What is handed over is a view that is valid until the call returns. */
export function createSegmentBuffer(take: (payload: Uint8Array) => void): SegmentBuffer {
  let buffer = new Uint8Array(4096);
  let used = 0;

  function add(bytes: Uint8Array): void {
    if (used + bytes.length > buffer.length) {
      const larger = new Uint8Array(Math.max(used + bytes.length, 2 * buffer.length));
      larger.set(buffer.subarray(0, used));
      buffer = larger;
    }
    buffer.set(bytes, used);
    used += bytes.length;
  }

  function flush(): void {
    if (used > 0) take(buffer.subarray(0, used));
    used = 0;
  }

  return {
    addHeaders: add,
    addData(bytes) {
      for (let at = 0; at < bytes.length; ) {
        if (used >= longestOfData) flush();
        const end = Math.min(bytes.length, at + longestOfData - used);
        add(bytes.subarray(at, end));
        at = end;
      }
    },
    flush,
  };
}
