import { openRange } from "./file-range.ts";
import { chunkSize, createPace } from "./pace.ts";
import { createReceiver } from "./receiver.ts";
import type { DrainTask } from "./ways.ts";

/** Reads into one fixed buffer and writes out of it, on this thread; the event loop gets a turn every few MiB. */
export async function drainThroughBuffers(task: DrainTask): Promise<void> {
  const { stages, interrupt, counter } = task;
  const receive = createReceiver(task);
  const pace = createPace();
  const source = openSource(task);
  try {
    for (let chunk = source.next(); chunk.length > 0; chunk = source.next()) {
      counter.add(chunk.length);
      stages.meters[0]?.update(chunk);
      const written = receive(chunk);
      if (written !== undefined) await interrupt.race(written);
      const turn = pace.took(chunk.length);
      if (turn !== undefined) await turn;
      interrupt.throwIfAborted();
    }
  } finally {
    source.close();
  }
  stages.meters[0]?.finish();
}

/** A file or bytes, as chunks that are valid until the next one is asked for. The last is empty. */
interface ChunkSource {
  next(): Uint8Array;
  close(): void;
}

function openSource({ blob, skip }: DrainTask): ChunkSource {
  const { origin } = blob;
  switch (origin.kind) {
    case "file": {
      const range = openRange(origin, skip);
      const buffer = new Uint8Array(chunkSize);
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
