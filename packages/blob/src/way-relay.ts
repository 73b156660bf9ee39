import { throwIfAborted } from "@drayage/errors";
import { originChunks } from "./chunks.ts";
import { largeSize } from "./large.ts";
import { plainSink, plainStep } from "./plain-blob.ts";
import type { ConsumerSink, DrainResult, FileSink } from "./sink.ts";
import { createSyncSteps } from "./sync-steps.ts";
import type { DrainTask, Run } from "./task.ts";
import { prepareConsumer } from "./way-consumer.ts";
import { prepareStream } from "./way-stream.ts";
import { createFeeder } from "./workers/feeder.ts";
import type { PlainSink } from "./workers/messages.ts";
import { holdWorkers, idlest, type JobWorker, startWorkers, usefulThreads } from "./workers/pool.ts";

/**
 * From how many bytes on a worker is worth its start and the copying for what is only hashed and written: on two processors, of which the
 * other side may need one, it gains nothing below.
 */
const largeToHash = 256 * 1024 * 1024;

/** How many chunks may be on their way to the worker. */
const slotCount = 4;

/** How many relays there are: each gets a worker of its own while there are enough. */
let relays = 0;

/**
 * A large blob that arrives, on its way into a file or a consumer: this thread takes it from the network, and a worker hashes,
 * inflates and uses it up. Undefined where that gains nothing.
 */
export async function prepareRelay(task: DrainTask): Promise<Run | undefined> {
  const { sink, blob, stages, skip } = task;
  if (sink.kind === "writer" || blob.origin.kind !== "stream" || skip > 0) return undefined;
  const size = arrivingSize(task) ?? 0;
  const much = stages.transforms.length > 0 || sink.kind === "consumer";
  if (size <= (much ? largeSize : largeToHash) || usefulThreads() < 2) return undefined;
  const steps = await createSyncSteps(blob.origin, stages.transforms);
  if (steps === undefined) return undefined;
  for (const step of steps) step.close();
  return () => run(task, sink);
}

/** How many bytes will come from the origin, as far as the blob says. */
function arrivingSize({ blob }: DrainTask): number | undefined {
  const first = blob.steps.findIndex((step) => step.do !== "verify");
  const before = first === -1 ? blob.steps : blob.steps.slice(0, first);
  const known = before.find((step) => step.do === "verify" && step.size !== undefined);
  return (known?.do === "verify" ? known.size : undefined) ?? (first === -1 ? blob.size : undefined);
}

async function run(task: DrainTask, sink: FileSink | ConsumerSink): Promise<DrainResult> {
  using _hold = holdWorkers();
  relays += 1;
  try {
    const plain = await plainSink(sink);
    const worker = idlest(await startWorkers(relays));
    if (worker !== undefined) return await relay(task, plain, worker);
  } finally {
    relays -= 1;
  }
  return await ((await prepareConsumer(task)) ?? (await prepareStream(task)))();
}

async function relay(task: DrainTask, sink: PlainSink, worker: JobWorker): Promise<DrainResult> {
  const { blob, interrupt, counter } = task;
  const { digest, size, what } = blob;
  const steps = blob.steps.map(plainStep);
  const job = { kind: "receive", blob: { digest, size, what, steps }, sink } as const;
  await using feeder = await createFeeder({ worker, job, slotCount, interrupt });
  const { signal } = task;
  const onRead = (count: number): void => counter.add(count);
  for await (const chunk of originChunks(blob.origin, { signal, interrupt, borrow: true, onRead })) {
    await feeder.take(chunk);
  }
  const result = await feeder.end();
  throwIfAborted(signal);
  return result;
}
