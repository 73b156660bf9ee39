import type { BlobOrigin } from "./blob.ts";
import { openRange } from "./file-range.ts";
import { chunkSize } from "./pace.ts";

/** An origin's bytes, read on this thread. */
export interface ChunkReader {
  /** The next bytes, valid until the next call; none at the end. */
  next(): Uint8Array;
  close(): void;
}

/** Reads a file or bytes from `skip` on. */
export function openReader(origin: BlobOrigin, skip: number): ChunkReader {
  switch (origin.kind) {
    case "file": {
      const range = openRange(origin, skip);
      const buffer = new Uint8Array(Math.min(chunkSize, origin.length));
      return { next: () => buffer.subarray(0, range.next(buffer)), close: range.close };
    }
    case "bytes": {
      let position = skip;
      return {
        next() {
          const chunk = origin.bytes.subarray(position, position + chunkSize);
          position += chunk.length;
          return chunk;
        },
        close: () => undefined,
      };
    }
    case "stream":
      throw new TypeError("a stream cannot be read synchronously");
  }
}
