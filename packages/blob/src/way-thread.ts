import { abortError } from "@drayage/errors";
import { isLarge } from "./large.ts";
import { plainBlob, plainSink } from "./plain-blob.ts";
import { createSeats } from "./seats.ts";
import type { ConsumerSink, DrainResult, FileSink } from "./sink.ts";
import { createSyncSteps } from "./sync-steps.ts";
import type { DrainTask, Run } from "./task.ts";
import { prepareBuffers } from "./way-buffers.ts";
import { prepareConsumer } from "./way-consumer.ts";
import type { DrainJob, FileBlob } from "./workers/messages.ts";
import { holdWorkers, idlest, type JobWorker, startWorkers, usefulThreads } from "./workers/pool.ts";

/** Where large drains are done: the first seat is this thread, each other one a worker. The rest wait. */
const seats = createSeats(usefulThreads);

/**
 * The way with buffers, for a large file: on this thread where it is free, else on a worker, else as soon as one of them
 * is. Undefined where it gains nothing.
 */
export async function prepareThread(task: DrainTask): Promise<Run | undefined> {
  const { sink, blob, stages, skip } = task;
  const { origin } = blob;
  if (sink.kind === "writer" || origin.kind !== "file" || skip > 0) return undefined;
  if (!isLarge(origin) || usefulThreads() < 2) return undefined;
  const steps = await createSyncSteps(origin, stages.transforms);
  if (steps === undefined) return undefined;
  for (const step of steps) step.close();
  return () => run(task, plainBlob(blob, origin), sink);
}

async function run(task: DrainTask, blob: FileBlob, sink: FileSink | ConsumerSink): Promise<DrainResult> {
  using _hold = holdWorkers();
  using seat = await seats.take(task.interrupt);
  if (seat.number > 0) {
    const job = { kind: "drain", blob, sink: await plainSink(sink) } as const;
    const worker = idlest(await startWorkers(seat.number));
    if (worker !== undefined) return await runThere(task, job, worker);
  }
  const here = (await prepareConsumer(task)) ?? (await prepareBuffers(task));
  if (here === undefined) throw new TypeError("an engine was there a moment ago");
  return await here();
}

async function runThere(
  { signal, counter, interrupt }: DrainTask,
  job: Omit<DrainJob, "control">,
  worker: JobWorker,
): Promise<DrainResult> {
  interrupt.throwIfAborted();
  const control = new SharedArrayBuffer(4);
  const giveUp = (): void => void Atomics.store(new Int32Array(control), 0, 1);
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    // Not raced against the signal: the file must not be closed while another thread writes to it.
    const done = await worker.run({ ...job, control }, counter.set);
    if (done.state !== "drained") throw new TypeError(`a worker answered a drain with ${done.state}`);
    counter.set(done.result.stages[0]?.size ?? 0);
    return done.result;
  } catch (error) {
    throw signal?.aborted ? abortError(signal.reason) : error;
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}
