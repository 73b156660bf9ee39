import { abortError, throwIfAborted } from "@drayage/errors";
import type { ByteSource } from "./engine.ts";

/**
 * The chunks of `source`, until the signal is aborted: then ERR_DRAYAGE_ABORTED, even while the source
 * does not answer. It is told to close all the same.
 */
export async function* interruptible(
  source: ByteSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (signal === undefined) {
    yield* source;
    return;
  }
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let open = true;
  try {
    for (;;) {
      throwIfAborted(signal);
      const item = await orAborted(Promise.resolve(iterator.next()), signal);
      if (item.done === true) {
        open = false;
        return;
      }
      yield item.value;
    }
  } catch (error) {
    if (signal.aborted) {
      // It may be stuck in an answer that never comes; how it closes is of no interest any more.
      Promise.resolve(iterator.return?.()).catch(() => {});
    }
    open = false;
    throw error;
  } finally {
    if (open) await iterator.return?.();
  }
}

// Promise.race with one promise for all turns would keep every chunk for as long as that promise is pending.
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortError(signal.reason));
    const settle = () => signal.removeEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(settle);
  });
}
