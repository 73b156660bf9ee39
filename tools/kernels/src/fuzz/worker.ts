import { parentPort, workerData } from "node:worker_threads";
import { makeTargets } from "./kernels.ts";
import { run } from "./run.ts";
import type { Job } from "./supervise.ts";

const { seed, targets, first, end, deadline, progress } = workerData as Job;

run(() => makeTargets(targets), {
  seed,
  first,
  more(index) {
    Atomics.store(progress, 0, index);
    return index < end && Date.now() < deadline;
  },
  onTrial: ({ target }) => void Atomics.store(progress, 1, targets.indexOf(target)),
  onFailure: (report) => parentPort?.postMessage(report),
});
