import { openReader } from "./chunk-reader.ts";
import { createPace } from "./pace.ts";
import { createReceiver } from "./receiver.ts";
import type { DrainResult } from "./sink.ts";
import { resultOf } from "./stages.ts";
import { syncChunks } from "./sync-chunks.ts";
import { createSyncSteps, type SyncStep } from "./sync-steps.ts";
import type { DrainTask, Run } from "./task.ts";

/**
 * Reads into one fixed buffer, inflates with synchronous engines and writes, all on this thread; the event loop gets a
 * turn every few MiB. Undefined where a step has no synchronous engine.
 */
export async function prepareBuffers(task: DrainTask): Promise<Run | undefined> {
  const steps = await createSyncSteps(task.blob.origin, task.stages.transforms);
  return steps && (() => run(task, steps));
}

async function run(task: DrainTask, steps: readonly SyncStep[]): Promise<DrainResult> {
  const { interrupt } = task;
  const receive = createReceiver(task);
  const pace = createPace();
  try {
    const reader = openReader(task.blob.origin, task.skip);
    try {
      for (const chunk of syncChunks(task, steps, reader)) {
        const written = receive(chunk);
        if (written !== undefined) await interrupt.race(written);
        const turn = pace.took(chunk.length);
        if (turn !== undefined) await turn;
        interrupt.throwIfAborted();
      }
    } finally {
      reader.close();
    }
    return resultOf(task.stages);
  } finally {
    for (const step of steps) step.close();
  }
}
