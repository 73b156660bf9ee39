import { workerData } from "node:worker_threads";
import { acquireFileLock, requireSys, workingFolder } from "../../src/index.ts";

// A program of a worker that is started from text: makes files, and raises a shared counter under a lock.
const { folder, lock, counter, rounds } = workerData as {
  readonly folder: string;
  readonly lock: string;
  readonly counter: SharedArrayBuffer;
  readonly rounds: number;
};
const sys = requireSys("test");
const shared = new Int32Array(counter);

async function work(): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    sys.mkdirAt(workingFolder, `${folder}/${round}`, 0o755);
    await using _lock = await acquireFileLock(lock, "write");
    const before = Atomics.load(shared, 0);
    await new Promise((resolve) => setImmediate(resolve));
    Atomics.store(shared, 0, before + 1);
  }
}

void work();
