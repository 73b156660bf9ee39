import { setMaxListeners } from "node:events";
import { abortError, throwIfAborted } from "@drayage/errors";

/**
 * Parallel work that ends together: the first failure aborts the rest, all of it is awaited, and that
 * first failure is what the whole fails with.
 */
export interface Scope {
  /** Aborted by the caller's signal and by the first failure. */
  readonly signal: AbortSignal;
  /** Runs `worker` for each item, at most `limit` at a time, and returns the results in the items' order. */
  all<T, R>(
    items: readonly T[],
    limit: number,
    worker: (item: T, index: number) => Promise<R>,
  ): Promise<readonly R[]>;
}

/** Runs `body` in a scope of its own. Throws what failed first, after all work in it has ended. */
export async function withScope<R>(
  signal: AbortSignal | undefined,
  body: (scope: Scope) => Promise<R>,
): Promise<R> {
  throwIfAborted(signal);
  const controller = new AbortController();
  // One for each blob that moves or waits: many listeners are no leak here, as Node would warn.
  setMaxListeners(0, controller.signal);
  const forward = (): void => controller.abort(signal?.reason);
  signal?.addEventListener("abort", forward, { once: true });
  let failure: { readonly error: unknown } | undefined;

  const fail = (error: unknown): void => {
    failure ??= { error };
    if (!controller.signal.aborted) controller.abort(error);
  };

  const all: Scope["all"] = async (items, limit, worker) => {
    type Result = Awaited<ReturnType<typeof worker>>;
    const results = new Map<number, Result>();
    const queue = items.entries();
    const lane = async (): Promise<void> => {
      for (const [index, item] of queue) {
        if (controller.signal.aborted) return;
        try {
          results.set(index, await worker(item, index));
        } catch (error) {
          fail(error);
          return;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
    if (failure !== undefined) throw failure.error;
    throwIfAborted(controller.signal);
    return items.map((_, index) => results.get(index) as Result);
  };

  try {
    return await body({ signal: controller.signal, all });
  } catch (error) {
    // The caller's wish to stop is the reason, whatever its effects were on the way.
    if (signal?.aborted) throw abortError(signal.reason);
    throw failure === undefined ? error : failure.error;
  } finally {
    signal?.removeEventListener("abort", forward);
  }
}
