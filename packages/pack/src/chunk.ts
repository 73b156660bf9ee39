import { readSync } from "node:fs";

/** How much is handed on at a time, in bytes. */
const chunkSize: number = 256 * 1024;

/** Where headers and bodies are put one after the other, in chunks of one size; the last may be smaller. */
export interface ChunkBuilder {
  /** Gives each chunk that becomes full on the way. */
  add(bytes: Uint8Array): Generator<Uint8Array, void, undefined>;
  /** As many bytes of a file as it has, at most `length`; returns how many those were. `onBytes` is given each piece. */
  addFile(
    fd: number,
    length: number,
    onBytes?: (bytes: Uint8Array) => void,
  ): Generator<Uint8Array, number, undefined>;
  /** What has not been given yet; undefined where that is nothing. */
  rest(): Uint8Array | undefined;
}

/** `borrow`: all chunks share one buffer. */
export function chunkBuilder(borrow: boolean): ChunkBuilder {
  let buffer = new Uint8Array(chunkSize);
  let used = 0;

  function* flush(): Generator<Uint8Array, void, undefined> {
    const full = buffer.subarray(0, used);
    yield full;
    if (!borrow) buffer = new Uint8Array(chunkSize);
    used = 0;
  }

  return {
    *add(bytes) {
      for (let offset = 0; offset < bytes.length; ) {
        if (used === chunkSize) yield* flush();
        const count = Math.min(bytes.length - offset, chunkSize - used);
        buffer.set(bytes.subarray(offset, offset + count), used);
        used += count;
        offset += count;
      }
    },
    *addFile(fd, length, onBytes) {
      let done = 0;
      while (done < length) {
        if (used === chunkSize) yield* flush();
        const count = readSync(fd, buffer, used, Math.min(length - done, chunkSize - used), done);
        if (count === 0) break;
        onBytes?.(buffer.subarray(used, used + count));
        used += count;
        done += count;
      }
      return done;
    },
    rest: () => (used === 0 ? undefined : buffer.subarray(0, used)),
  };
}
