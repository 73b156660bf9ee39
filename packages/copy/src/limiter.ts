import { abortError } from "@drayage/errors";

/** Lets a bounded number of holders work at a time, in the order in which they asked. */
export interface Limiter {
  /** Runs `work` when there is room. A wait that is aborted ends with `ERR_DRAYAGE_ABORTED`. */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function createLimiter(limit: number): Limiter {
  let free = limit;
  const waiting: (() => void)[] = [];

  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };

  const acquire = async (signal: AbortSignal): Promise<void> => {
    if (signal.aborted) throw abortError(signal.reason);
    if (free > 0) {
      free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        waiting.splice(waiting.indexOf(enter), 1);
        reject(abortError(signal.reason));
      };
      waiting.push(enter);
      signal.addEventListener("abort", leave, { once: true });
    });
  };

  return {
    async run(work, signal) {
      await acquire(signal);
      try {
        return await work();
      } finally {
        release();
      }
    },
  };
}
