import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "@drayage/errors";

/** How long, in milliseconds, others may have to wait for this thread. */
const patience = 10;

/** A function to be called between pieces of synchronous work: it lets others run in time, and heeds the signal. */
export function createBreather(signal: AbortSignal | undefined, what: string): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last > patience) {
      await setImmediate();
      last = performance.now();
    }
    throwIfAborted(signal, what);
  };
}
