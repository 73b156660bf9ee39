import { abortError, throwIfAborted } from "@drayage/errors";

/**
 * Ends waiting as soon as a signal is aborted, whatever is waited for. One listener serves a whole drain:
 * `Promise.race` against one long-lived promise would keep a reaction for every chunk.
 */
export interface Interrupt extends Disposable {
  /** Settles as `promise` does, or rejects with `ERR_DRAYAGE_ABORTED` at once when the signal is aborted. */
  race<T>(promise: PromiseLike<T>): Promise<T>;
  throwIfAborted(): void;
}

export function interruptOf(signal: AbortSignal | undefined): Interrupt {
  const waiting = new Set<(error: unknown) => void>();
  const onAbort = (): void => {
    for (const reject of waiting) reject(abortError(signal?.reason));
    waiting.clear();
  };
  signal?.addEventListener("abort", onAbort);
  return {
    race<T>(promise: PromiseLike<T>): Promise<T> {
      if (signal === undefined) return Promise.resolve(promise);
      if (signal.aborted) {
        // Nobody waits for it any more, so that a later rejection must not count as unhandled.
        void Promise.resolve(promise).catch(() => undefined);
        return Promise.reject(abortError(signal.reason));
      }
      return new Promise<T>((resolve, reject) => {
        waiting.add(reject);
        promise.then(
          (value) => {
            waiting.delete(reject);
            resolve(value);
          },
          (error: unknown) => {
            waiting.delete(reject);
            reject(error);
          },
        );
      });
    },
    throwIfAborted: () => throwIfAborted(signal),
    [Symbol.dispose]: () => signal?.removeEventListener("abort", onAbort),
  };
}
