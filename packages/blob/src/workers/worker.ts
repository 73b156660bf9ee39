import { parentPort, workerData } from "node:worker_threads";
import { type BlockDeflater, createBlockDeflater } from "@drayage/compression";
import { abortError } from "@drayage/errors";
import { adoptKernels } from "@drayage/kernels";
import { drainHere } from "../drain-here.ts";
import type { Interrupt } from "../interrupt.ts";
import { liveSink } from "./live-sink.ts";
import type { DeflateJob, DrainJob, Job, JobMessage, Outcome, Reply, WorkerSettings } from "./messages.ts";
import { plainError } from "./plain-error.ts";
import { createReceivers } from "./receivers.ts";
import { slotParts } from "./slot.ts";

/*
 * The program of a worker: it does one job after the other, in the order in which they are posted.
 */

const { kernels } = workerData as WorkerSettings;
adoptKernels(kernels);

const deflaters = new Map<string, Promise<BlockDeflater>>();
const receivers = createReceivers();
let queue: Promise<void> = Promise.resolve();

parentPort?.on("message", (message: JobMessage) => {
  queue = queue.then(() => answer(message));
});

async function answer({ id, job }: JobMessage): Promise<void> {
  const reply = (message: Reply): void => parentPort?.postMessage(message);
  try {
    reply({ id, ...(await done(id, job, (bytes) => reply({ id, state: "progress", bytes }))) });
  } catch (error) {
    reply({ id, state: "failed", error: plainError(error) });
  }
}

async function done(id: number, job: Job, onBytes: (bytes: number) => void): Promise<Outcome> {
  switch (job.kind) {
    case "deflate":
      return { state: "deflated", size: await deflate(job) };
    case "drain":
      return { state: "drained", result: await drain(job, onBytes) };
    case "receive":
      await receivers.open(id, job);
      return { state: "received", receiver: id };
    case "chunk":
      receivers.take(job.receiver, new Uint8Array(job.slot, 0, job.size));
      return { state: "received", receiver: job.receiver };
    case "end":
      return { state: "drained", result: receivers.end(job.receiver, job.drained) };
    case "drop":
      receivers.drop(job.receiver);
      return { state: "received", receiver: job.receiver };
  }
}

/** Tells of progress only now and then: a message costs more than the reading of a chunk. */
const progressStep = 4 * 1024 * 1024;

async function drain(job: DrainJob, onBytes: (bytes: number) => void): ReturnType<typeof drainHere> {
  const given = new Int32Array(job.control);
  const throwIfAborted = (): void => {
    if (Atomics.load(given, 0) !== 0) throw abortError(undefined);
  };
  const interrupt: Interrupt = {
    race: async (promise) => promise,
    throwIfAborted,
    [Symbol.dispose]: () => undefined,
  };
  let told = 0;
  return drainHere(
    { blob: job.blob, sink: liveSink(job.sink), skip: 0, signal: undefined, interrupt },
    (total) => {
      if (total - told < progressStep) return;
      told = total;
      onBytes(total);
    },
  );
}

async function deflate(job: DeflateJob): Promise<number> {
  const { algorithm, engine, level, last } = job;
  const key = `${algorithm} ${engine}`;
  const opened = deflaters.get(key) ?? createBlockDeflater(algorithm, { engine });
  deflaters.set(key, opened);
  const parts = slotParts(job.slot, job.blockSize);
  const made = (await opened).deflateBlock({
    bytes: parts.input.subarray(0, job.size),
    dictionary: parts.dictionary.subarray(parts.dictionary.length - job.dictionarySize),
    last,
    level,
  });
  parts.output.set(made);
  return made.length;
}
