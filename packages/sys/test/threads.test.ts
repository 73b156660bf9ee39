import { once } from "node:events";
import { mkdirSync, readdirSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { sysBase } from "../src/index.ts";
import code from "./support/calls-worker.ts?code";
import { useFolder } from "./support/folder.ts";

const at = useFolder();

describe("in worker threads", () => {
  it("that were started from text the calls work, and locks keep threads apart", async () => {
    const counter = new SharedArrayBuffer(4);
    const workers = Array.from({ length: 4 }, (_, index) => {
      mkdirSync(at(String(index)));
      return new Worker(code, {
        eval: true,
        execArgv: [],
        workerData: { base: sysBase(), folder: at(String(index)), lock: at("lock"), counter, rounds: 25 },
      });
    });
    await Promise.all(workers.map((worker) => once(worker, "exit")));
    expect(new Int32Array(counter)[0]).toBe(100);
    expect(workers.map((_, index) => readdirSync(at(String(index))).length)).toEqual([25, 25, 25, 25]);
  });

  it("the calls can be loaded again and again, also where threads are ended in the middle", async () => {
    const counter = new SharedArrayBuffer(4);
    const count = (): number => Atomics.load(new Int32Array(counter), 0);
    for (let round = 0; round < 10; round++) {
      mkdirSync(at(String(round)));
      const workerData = {
        base: sysBase(),
        folder: at(String(round)),
        lock: at("lock"),
        counter,
        rounds: 1e6,
      };
      const worker = new Worker(code, { eval: true, execArgv: [], workerData });
      const before = count();
      // Had an ended thread kept the lock, this would never be over.
      while (count() === before) await new Promise((resolve) => setTimeout(resolve, 2));
      await worker.terminate();
    }
    expect(count()).toBeGreaterThanOrEqual(10);
  });
});
