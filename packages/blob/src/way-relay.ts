import { throwIfAborted } from "@drayage/errors";
import { originChunks } from "./chunks.ts";
import { largeSize } from "./large.ts";
import { chunkSize } from "./pace.ts";
import { plainSink, plainStep } from "./plain-blob.ts";
import type { ConsumerSink, DrainResult, FileSink } from "./sink.ts";
import { createSyncSteps } from "./sync-steps.ts";
import type { DrainTask, Run } from "./task.ts";
import { prepareConsumer } from "./way-consumer.ts";
import { prepareStream } from "./way-stream.ts";
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
  const opened = await worker.run({ kind: "receive", blob: { digest, size, what, steps }, sink });
  if (opened.state !== "received") throw new TypeError(`a worker answered a receiver with ${opened.state}`);
  const { receiver } = opened;

  const free = Array.from({ length: slotCount }, () => new SharedArrayBuffer(chunkSize));
  const taken: { readonly slot: SharedArrayBuffer; readonly done: Promise<unknown> }[] = [];
  let filling: { readonly slot: SharedArrayBuffer; readonly bytes: Uint8Array; size: number } | undefined;

  async function nextSlot(): Promise<SharedArrayBuffer> {
    const known = free.pop();
    if (known !== undefined) return known;
    const oldest = taken.shift();
    if (oldest === undefined) throw new TypeError("there is no slot");
    await interrupt.race(oldest.done);
    return oldest.slot;
  }
  function send(): void {
    if (filling === undefined) return;
    const { slot, size: filled } = filling;
    filling = undefined;
    const done = worker.run({ kind: "chunk", receiver, slot, size: filled });
    // It is awaited in its turn; until then a failure must not count as unhandled.
    done.catch(() => undefined);
    taken.push({ slot, done });
  }
  async function take(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      if (filling === undefined) {
        const slot = await nextSlot();
        filling = { slot, bytes: new Uint8Array(slot), size: 0 };
      }
      const part = chunk.subarray(at, at + chunkSize - filling.size);
      filling.bytes.set(part, filling.size);
      filling.size += part.length;
      at += part.length;
      if (filling.size === chunkSize) send();
    }
  }

  try {
    const { signal } = task;
    const onRead = (count: number): void => counter.add(count);
    for await (const chunk of originChunks(blob.origin, { signal, interrupt, borrow: true, onRead })) {
      await take(chunk);
    }
    send();
    for (const { done } of taken.splice(0)) await interrupt.race(done);
    const ended = await worker.run({ kind: "end", receiver });
    if (ended.state !== "drained") throw new TypeError(`a worker answered an end with ${ended.state}`);
    throwIfAborted(signal);
    return ended.result;
  } finally {
    // Awaited also after an error: the file must not be closed while another thread writes to it.
    await worker.run({ kind: "drop", receiver }).catch(() => undefined);
  }
}
