import type { StreamOrigin } from "@drayage/blob";
import { throwIfAborted } from "@drayage/errors";

/** Bytes from `offset` on, as often as is asked. */
export type Read = (options: {
  readonly offset: number;
  readonly signal: AbortSignal;
}) => AsyncIterable<Uint8Array>;

/** A stream whose first reading has begun already. */
export interface EarlyRead {
  readonly origin: StreamOrigin;
  /** Ends the first reading where nobody has taken it over. */
  cancel(): Promise<void>;
}

interface Begun {
  readonly iterator: AsyncIterator<Uint8Array>;
  readonly first: IteratorResult<Uint8Array>;
  readonly controller: AbortController;
}

/**
 * Begins to read at once, so that what is not there is found out without a question of its own. The first opening of the origin
 * takes up that reading, later ones, and those in the midst, read anew.
 */
export async function readEarly(read: Read, signal: AbortSignal | undefined): Promise<EarlyRead> {
  let begun: Begun | undefined = await begin(read, 0, signal);

  async function cancel(): Promise<void> {
    const unused = begun;
    begun = undefined;
    if (unused === undefined) return;
    unused.controller.abort();
    await unused.iterator.return?.();
  }

  async function* open(
    offset: number,
    asked: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let reading = begun;
    if (reading !== undefined && offset === 0) {
      begun = undefined;
    } else {
      await cancel();
      reading = await begin(read, offset, asked);
    }
    const { iterator, first, controller } = reading;
    using _link = abortedBy(controller, asked);
    try {
      for (let item = first; item.done !== true; item = await iterator.next()) yield item.value;
    } finally {
      await iterator.return?.();
    }
  }

  return {
    origin: { kind: "stream", resumable: true, open: ({ offset = 0, signal: asked }) => open(offset, asked) },
    cancel,
  };
}

async function begin(read: Read, offset: number, signal: AbortSignal | undefined): Promise<Begun> {
  throwIfAborted(signal);
  const controller = new AbortController();
  using _link = abortedBy(controller, signal);
  const iterator = read({ offset, signal: controller.signal })[Symbol.asyncIterator]();
  return { iterator, first: await iterator.next(), controller };
}

/** Lets a signal abort, too, for as long as the result is not disposed of. */
function abortedBy(controller: AbortController, signal: AbortSignal | undefined): Disposable {
  const abort = (): void => controller.abort(signal?.reason);
  if (signal?.aborted === true) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", abort) };
}
