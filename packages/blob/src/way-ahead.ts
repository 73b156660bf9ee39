import { throwIfAborted } from "@drayage/errors";
import { openReader } from "./chunk-reader.ts";
import { isLarge } from "./large.ts";
import { createPace } from "./pace.ts";
import { plainSink } from "./plain-blob.ts";
import type { ConsumerSink, DrainResult } from "./sink.ts";
import { resultOf } from "./stages.ts";
import { syncChunks } from "./sync-chunks.ts";
import { createSyncSteps, type SyncStep } from "./sync-steps.ts";
import type { DrainTask, Run } from "./task.ts";
import { prepareConsumer } from "./way-consumer.ts";
import { createFeeder } from "./workers/feeder.ts";
import type { ReceiveJob } from "./workers/messages.ts";
import { holdWorkers, idlest, type JobWorker, startWorkers, usefulThreads } from "./workers/pool.ts";

/** How far this thread may be ahead, in chunks: 3 MiB, since a consumer takes long over some bytes and is quick with others. */
const slotCount = 12;

/**
 * Where nothing else is drained meanwhile: this thread reads, inflates and verifies, and a worker has the consumer use up what
 * comes of it. Undefined where that gains nothing.
 */
export async function prepareAhead(task: DrainTask): Promise<Run | undefined> {
  const { sink, blob, stages, skip } = task;
  if (sink.kind !== "consumer" || sink.alone !== true || skip > 0) return undefined;
  if (!isLarge(blob.origin) || usefulThreads() < 2) return undefined;
  const steps = await createSyncSteps(blob.origin, stages.transforms);
  return steps && (() => run(task, sink, steps));
}

async function run(task: DrainTask, sink: ConsumerSink, steps: readonly SyncStep[]): Promise<DrainResult> {
  using _hold = holdWorkers();
  try {
    const plain = await plainSink(sink);
    const worker = idlest(await startWorkers(1));
    if (worker !== undefined) {
      return await feed(task, steps, { worker, job: { kind: "receive", sink: plain } });
    }
  } finally {
    for (const step of steps) step.close();
  }
  const here = await prepareConsumer(task);
  if (here === undefined) throw new TypeError("a consumer can be made here");
  return await here();
}

async function feed(
  task: DrainTask,
  steps: readonly SyncStep[],
  to: { readonly worker: JobWorker; readonly job: ReceiveJob },
): Promise<DrainResult> {
  const { blob, stages, signal, interrupt } = task;
  const reader = openReader(blob.origin, 0);
  try {
    await using feeder = await createFeeder({ ...to, slotCount, interrupt });
    const pace = createPace();
    for (const chunk of syncChunks(task, steps, reader)) {
      await feeder.take(chunk);
      const turn = pace.took(chunk.length);
      if (turn !== undefined) await turn;
      interrupt.throwIfAborted();
    }
    const ended = await feeder.end(resultOf(stages));
    throwIfAborted(signal);
    return ended;
  } finally {
    reader.close();
  }
}
