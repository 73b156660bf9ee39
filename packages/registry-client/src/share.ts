import { abortError, throwIfAborted } from "@drayage/errors";

/** Work that is going on, which several may wait for. */
export interface SharedWork<T> {
  /** Whether it has been given up, as the last who waited has left. */
  readonly abandoned: boolean;
  wait(signal: AbortSignal | undefined): Promise<T>;
}

/**
 * Starts work for all who wait for it. Who aborts leaves alone; the work is aborted once all have left.
 * `onEnd` is called when it is over, and before anybody is told.
 */
export function shareWork<T>(work: (signal: AbortSignal) => Promise<T>, onEnd: () => void): SharedWork<T> {
  const controller = new AbortController();
  let waiting = 0;
  const result = work(controller.signal).finally(onEnd);
  // Whoever waits is told; when all have left nobody is, and that is no unhandled rejection.
  result.catch(() => {});
  return {
    get abandoned() {
      return controller.signal.aborted;
    },
    async wait(signal) {
      throwIfAborted(signal);
      waiting++;
      let stop: (() => void) | undefined;
      try {
        const aborted = new Promise<never>((_, reject) => {
          const onAbort = () => reject(abortError(signal?.reason));
          signal?.addEventListener("abort", onAbort, { once: true });
          stop = () => signal?.removeEventListener("abort", onAbort);
        });
        return await Promise.race([result, aborted]);
      } finally {
        stop?.();
        waiting--;
        if (waiting === 0 && signal?.aborted) controller.abort(signal.reason);
      }
    },
  };
}

/** Work that is done once, for all who want its result, and again only where it failed. */
export function shareOnce<T>(
  work: (signal: AbortSignal) => Promise<T>,
): (signal: AbortSignal | undefined) => Promise<T> {
  let result: { readonly value: T } | undefined;
  let running: SharedWork<void> | undefined;
  return async (signal) => {
    while (result === undefined) {
      if (running === undefined || running.abandoned) {
        const started: SharedWork<void> = shareWork(
          async (inner) => {
            result = { value: await work(inner) };
          },
          () => {
            if (running === started) running = undefined;
          },
        );
        running = started;
      }
      await running.wait(signal);
    }
    return result.value;
  };
}
