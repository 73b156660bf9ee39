import { parentPort, workerData } from "node:worker_threads";

// A thread of the fuzzer whose third trial does not end, and whose sixth fails.
const { seed, first, end, progress } = workerData;
for (let index = first; ; index++) {
  Atomics.store(progress, 0, index);
  Atomics.store(progress, 1, 0);
  if (index === end) break;
  if (index === 5) {
    parentPort?.postMessage({
      target: "one",
      seed,
      index,
      what: "a trial",
      problem: "is wrong",
      alone: true,
    });
  }
  while (index === 2);
}
