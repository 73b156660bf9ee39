import { isDrayageError, throwIfAborted } from "@drayage/errors";
import type { Blob } from "./blob.ts";
import { interruptOf } from "./interrupt.ts";
import { createCounter } from "./pace.ts";
import { hashPresent, presentBytes, startOver } from "./present.ts";
import type { BlobSink, DrainOptions, DrainResult } from "./sink.ts";
import { resultOf, stagesOf } from "./stages.ts";
import type { DrainTask } from "./task.ts";
import { chooseWay } from "./ways.ts";
import { namingBlob } from "./what.ts";

/**
 * Brings a blob's bytes into a sink. Every stage is hashed once and verified against all that is known of it.
 * What the sink holds is whole and verified only once the promise is fulfilled.
 *
 * @throws `ERR_DRAYAGE_DIGEST_MISMATCH`, `ERR_DRAYAGE_SIZE_MISMATCH` (also where a file changes while it is read),
 * `ERR_DRAYAGE_COMPRESSION_INVALID`, `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_ABORTED`, and what a stream or a writer throws
 */
export async function drain(blob: Blob, sink: BlobSink, options: DrainOptions = {}): Promise<DrainResult> {
  const present = presentBytes(blob, sink);
  if (present > 0) {
    try {
      return await drainOnce(blob, sink, { ...options, skip: present });
    } catch (error) {
      // Where the bytes of an earlier run are not what it should have written, they are worth nothing.
      if (!isMismatch(error)) throw error;
    }
  }
  startOver(sink);
  return drainOnce(blob, sink, { ...options, skip: 0 });
}

async function drainOnce(
  blob: Blob,
  sink: BlobSink,
  options: DrainOptions & { skip: number },
): Promise<DrainResult> {
  const { signal, skip } = options;
  throwIfAborted(signal);
  using interrupt = interruptOf(signal);
  const counter = createCounter(options.onBytes);
  const stages = stagesOf(blob);
  const task: DrainTask = { blob, sink, stages, skip, signal, interrupt, counter };
  if (skip > 0) await hashPresent(task);
  // A server that is asked for the bytes behind the last one answers with an error.
  const complete = skip > 0 && skip === blob.size;
  const result = complete ? resultOf(stages) : await moved(task);
  counter.finish();
  return result;
}

async function moved(task: DrainTask): Promise<DrainResult> {
  const run = await chooseWay(task);
  try {
    return await run();
  } catch (error) {
    throw namingBlob(error, task.blob);
  }
}

function isMismatch(error: unknown): boolean {
  return (
    isDrayageError(error, "ERR_DRAYAGE_DIGEST_MISMATCH") || isDrayageError(error, "ERR_DRAYAGE_SIZE_MISMATCH")
  );
}
