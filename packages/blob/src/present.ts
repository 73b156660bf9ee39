import { ftruncateSync } from "node:fs";
import type { Blob } from "./blob.ts";
import { readAtSync } from "./file-range.ts";
import { chunkSize, createPace } from "./pace.ts";
import type { BlobSink } from "./sink.ts";
import type { DrainTask } from "./task.ts";
import { writeError } from "./write-error.ts";

/** How many bytes that an interrupted drain left in the sink may be kept, if they are what they should be. */
export function presentBytes(blob: Blob, sink: BlobSink): number {
  if (sink.kind !== "file" || sink.present === undefined) return 0;
  const { origin, digest, size = Infinity } = blob;
  const resumable = origin.kind === "file" || (origin.kind === "stream" && origin.resumable === true);
  const unchanged = blob.steps.every((step) => step.do === "verify");
  if (digest === undefined || !resumable || !unchanged) return 0;
  const most = origin.kind === "file" ? Math.min(size, origin.length) : size;
  return sink.present <= most ? sink.present : 0;
}

/** Shows the meter of the only stage the bytes that the sink has. */
export async function hashPresent({ sink, stages, skip, interrupt, counter }: DrainTask): Promise<void> {
  if (sink.kind !== "file") return;
  const pace = createPace();
  const buffer = new Uint8Array(chunkSize);
  for (let done = 0; done < skip; ) {
    const wanted = buffer.subarray(0, skip - done);
    const count = readAtSync(sink.fd, wanted, sink.position + done, sink.path);
    stages.meters[0]?.update(buffer.subarray(0, count));
    // A file that is shorter than was said: what is missing shows in the digest, and the drain starts over.
    if (count === 0) return;
    done += count;
    counter.add(count);
    const turn = pace.took(count);
    if (turn !== undefined) await turn;
    interrupt.throwIfAborted();
  }
}

/** Drops what an earlier run left. */
export function startOver(sink: BlobSink): void {
  if (sink.kind !== "file" || sink.present === undefined || sink.present === 0) return;
  try {
    ftruncateSync(sink.fd, sink.position);
  } catch (error) {
    throw writeError(error, sink.path);
  }
}
