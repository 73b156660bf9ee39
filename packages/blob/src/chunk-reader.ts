import type { BlobOrigin } from "./blob.ts";
import { openRange } from "./file-range.ts";
import { chunkSize } from "./pace.ts";

/** An origin's bytes, read on this thread. */
export interface ChunkReader {
  /** The next bytes, valid until the next call; none at the end. */
  next(): Uint8Array;
  /** Puts the next bytes into `target` and says how many; 0 at the end. */
  nextInto(target: Uint8Array): number;
  close(): void;
}

/** Reads a file or bytes from `skip` on. */
export function openReader(origin: BlobOrigin, skip: number): ChunkReader {
  switch (origin.kind) {
    case "file": {
      const range = openRange(origin, skip);
      let buffer: Uint8Array | undefined;
      return {
        next() {
          buffer ??= new Uint8Array(Math.min(chunkSize, origin.length));
          return buffer.subarray(0, range.next(buffer));
        },
        // Pieces of a buffer's size stay in the processor's cache until they are hashed.
        nextInto: (target) => range.next(target.subarray(0, chunkSize)),
        close: range.close,
      };
    }
    case "bytes": {
      let position = skip;
      return {
        next() {
          const chunk = origin.bytes.subarray(position, position + chunkSize);
          position += chunk.length;
          return chunk;
        },
        nextInto(target) {
          const chunk = origin.bytes.subarray(position, position + Math.min(chunkSize, target.length));
          target.set(chunk);
          position += chunk.length;
          return chunk.length;
        },
        close: () => undefined,
      };
    }
    case "stream":
      throw new TypeError("a stream cannot be read synchronously");
  }
}
