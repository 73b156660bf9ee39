import { Worker } from "node:worker_threads";
import type { CaseName, Report } from "./run.ts";

/** What the thread with the kernels is to do. */
export interface Job {
  readonly seed: number;
  readonly targets: readonly string[];
  readonly first: number;
  /** The number of the trial after the last one. */
  readonly end: number;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  /** The number of the trial that runs, and the place of its target in `targets`: -1 until there is one. */
  readonly progress: Int32Array<SharedArrayBuffer>;
}

export interface SuperviseOptions {
  /** A module for a worker, which takes a {@link Job} as its `workerData` and posts a {@link Report} per failure. */
  readonly worker: URL;
  readonly job: Omit<Job, "progress">;
  /** How long a trial may take. */
  readonly hangMilliseconds: number;
  onFailure(report: Report): void;
}

/**
 * Runs trials in a thread of their own. One that does not end is a failure, and the thread is ended; the trials after
 * it follow in another. Gives the number that was reached.
 */
export async function supervise(options: SuperviseOptions): Promise<number> {
  for (let first = options.job.first; ; ) {
    const progress = new Int32Array(new SharedArrayBuffer(8));
    progress.set([first, -1]);
    const hung = await runThread(options, { ...options.job, first, progress });
    const index = Atomics.load(progress, 0);
    if (!hung) return index;
    const target = options.job.targets[Atomics.load(progress, 1)] ?? "";
    const name: CaseName = { target, seed: options.job.seed, index };
    options.onFailure({ ...name, what: "a trial", problem: "does not end", alone: false });
    first = index + 1;
  }
}

/** Whether the thread had to be ended. */
function runThread(options: SuperviseOptions, job: Job): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(options.worker, { workerData: job });
    let last = "";
    let since = performance.now();
    let hung = false;
    const watch = setInterval(() => {
      const now = job.progress.join();
      if (now !== last || job.progress[1] === -1) {
        last = now;
        since = performance.now();
      } else if (performance.now() - since > options.hangMilliseconds) {
        hung = true;
        worker.terminate().catch(reject);
      }
    }, options.hangMilliseconds / 10);
    worker.on("message", options.onFailure);
    worker.on("error", (error) => {
      clearInterval(watch);
      reject(error);
    });
    worker.on("exit", () => {
      clearInterval(watch);
      resolve(hung);
    });
  });
}
