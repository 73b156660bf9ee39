/// <reference path="./code.d.ts" />
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { DrayageError } from "@drayage/errors";
import { compileKernels, kernelsUnavailable } from "@drayage/kernels";
import type { Job, JobMessage, Outcome, Reply, WorkerSettings } from "./messages.ts";
import { revivedError } from "./plain-error.ts";
import { forgetSlots } from "./slot.ts";

/**
 * The worker threads of this process: as many as there are processors, and at most four. They are started when they are
 * first needed and ended as soon as nobody holds them.
 */

/** How many threads it makes sense to keep busy, this one included. */
export function usefulThreads(): number {
  const asked = askedWorkers();
  return asked === undefined ? fewProcessors() : asked + 1;
}

/** How many worker threads there may be: `DRAYAGE_WORKERS=0` keeps everything on this thread. */
export function workerLimit(): number {
  return askedWorkers() ?? fewProcessors();
}

function askedWorkers(): number | undefined {
  // Where kernels cannot run, memory is hard to map, and a thread that finds none ends the process.
  if (kernelsUnavailable() !== undefined) return 0;
  const asked = Number(process.env.DRAYAGE_WORKERS || Number.NaN);
  return Number.isInteger(asked) && asked >= 0 ? Math.min(asked, 64) : undefined;
}

function fewProcessors(): number {
  return Math.min(4, availableParallelism());
}

export type Done = Outcome;

interface Waiting {
  resolve(done: Done): void;
  reject(error: unknown): void;
  progress(bytes: number): void;
}

/** One thread. */
export interface JobWorker {
  /** How many jobs it has that are not done. */
  readonly load: number;
  /** Settles when the job is done, also where it fails or is given up. */
  run(job: Job, onProgress?: (bytes: number) => void): Promise<Done>;
  end(): void;
}

let holders = 0;
let workers: JobWorker[] = [];
/** Why this process can have no workers. */
let refused = false;

/** Keeps the workers alive until it is disposed of. */
export function holdWorkers(): Disposable {
  holders += 1;
  let held = true;
  return {
    [Symbol.dispose]() {
      if (!held) return;
      held = false;
      holders -= 1;
      if (holders > 0) return;
      for (const worker of workers) worker.end();
      workers = [];
      forgetSlots();
    },
  };
}

/** The one that has least to do. It has to be asked for, and given its job, when nothing more is waited for. */
export function idlest(started: readonly JobWorker[]): JobWorker | undefined {
  return [...started].sort((a, b) => a.load - b.load)[0];
}

/** At least `count` workers, the idle ones first; fewer, or none, where the system gives no more. */
export async function startWorkers(count: number): Promise<readonly JobWorker[]> {
  const wanted = Math.min(count, workerLimit());
  if (wanted > workers.length && !refused) {
    const { default: code } = await import("./worker.ts?code");
    while (workers.length < wanted && holders > 0) {
      const worker = tryStart(code);
      if (worker === undefined) break;
      workers.push(worker);
    }
  }
  return [...workers].sort((a, b) => a.load - b.load);
}

function tryStart(code: string): JobWorker | undefined {
  try {
    return startWorker(code);
  } catch {
    // No threads are to be had, in a small container or under a policy: everything works without them.
    refused = true;
    return undefined;
  }
}

function startWorker(code: string): JobWorker {
  const settings: WorkerSettings = { base: import.meta.url, kernels: compileKernels() };
  const worker = new Worker(code, {
    eval: true,
    name: "drayage",
    workerData: settings,
    // What the process was started with, such as a loader, is not for this program.
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
  // It keeps no process alive: whoever waits for a job refers to it.
  worker.unref();
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let failure: unknown;

  function settle(id: number): Waiting | undefined {
    const found = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) worker.unref();
    return found;
  }
  function fail(error: unknown): void {
    failure ??= error;
    workers = workers.filter((other) => other !== own);
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  }
  worker.on("message", (reply: Reply) => {
    if (reply.state === "progress") waiting.get(reply.id)?.progress(reply.bytes);
    else if (reply.state === "failed") settle(reply.id)?.reject(revivedError(reply.error));
    else settle(reply.id)?.resolve(reply);
  });
  worker.on("error", (cause) => fail(died(cause)));
  worker.on("exit", () => fail(died(undefined)));

  const own: JobWorker = {
    get load() {
      return waiting.size;
    },
    run(job, onProgress) {
      return new Promise<Done>((resolve, reject) => {
        if (failure !== undefined) {
          reject(failure);
          return;
        }
        lastId += 1;
        const message: JobMessage = { id: lastId, job };
        worker.postMessage(message);
        waiting.set(lastId, { resolve, reject, progress: onProgress ?? (() => undefined) });
        worker.ref();
      });
    },
    end() {
      void worker.terminate();
    },
  };
  return own;
}

/** Thrown where a thread ended before its job: out of memory, or by a fault of this package. */
function died(cause: unknown): DrayageError {
  return new DrayageError("ERR_DRAYAGE_WORKER", "a worker thread ended before its work was done", {
    hint: "run it again with DRAYAGE_WORKERS=0, which uses no threads",
    cause,
  });
}
