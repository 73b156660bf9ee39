import { throwIfAborted } from "@drayage/errors";
import type { Blob, StreamOrigin } from "./blob.ts";
import { type ReadOptions, readUnverified } from "./open.ts";
import { concat } from "./transforms.ts";

/** The first bytes of a blob, and the blob still whole. */
export interface PeekedBlob extends AsyncDisposable {
  /** Not verified: the digest is that of all bytes. Shorter than was asked for only where the blob is. */
  readonly head: Uint8Array;
  /** The same blob. Its first reading takes up where peeking ended, so that a stream is not opened again. */
  readonly blob: Blob;
}

/**
 * Looks at the first bytes of a blob, after all its steps. Dispose of the result if its blob is not read to the end.
 *
 * @throws what `drain` throws, but for mismatches
 */
export async function peekBlob(blob: Blob, length: number, options: ReadOptions = {}): Promise<PeekedBlob> {
  throwIfAborted(options.signal);
  if (blob.origin.kind !== "stream") {
    return { head: await headOf(blob, length, options), blob, [Symbol.asyncDispose]: async () => undefined };
  }
  const recording = record(blob.origin);
  try {
    const head = await headOf({ ...blob, origin: recording.tap }, length, options);
    return { head, blob: { ...blob, origin: recording.replay }, [Symbol.asyncDispose]: recording.close };
  } catch (error) {
    const closed = recording.close();
    // After an abort the stream may be stuck in a read: nobody waits for that, nor hears what it says.
    if (options.signal?.aborted === true) closed.catch(() => undefined);
    else await closed;
    throw error;
  }
}

async function headOf(blob: Blob, length: number, options: ReadOptions): Promise<Uint8Array> {
  const taken: Uint8Array[] = [];
  let size = 0;
  if (length === 0) return new Uint8Array();
  for await (const chunk of readUnverified(blob, options)) {
    taken.push(chunk);
    size += chunk.length;
    if (size >= length) break;
  }
  return concat(taken).subarray(0, length);
}

interface Recording {
  /** The stream, whose chunks are kept as they pass and whose iterator stays open. */
  readonly tap: StreamOrigin;
  /** The kept chunks and then the rest, once; the stream itself, opened anew, after that. */
  readonly replay: StreamOrigin;
  close(): Promise<void>;
}

function record(origin: StreamOrigin): Recording {
  const kept: Uint8Array[] = [];
  const { borrows } = origin;
  let rest: AsyncIterator<Uint8Array> | undefined;

  async function* tap(signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void, undefined> {
    rest = (await origin.open({ signal, borrow: borrows }))[Symbol.asyncIterator]();
    for (let item = await rest.next(); item.done !== true; item = await rest.next()) {
      const chunk = borrows === true ? item.value.slice() : item.value;
      kept.push(chunk);
      yield chunk;
    }
  }
  async function* replay(
    iterator: AsyncIterator<Uint8Array>,
    borrow: boolean | undefined,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const lent = borrows === true && borrow !== true;
    // Shifted out one by one, so that nothing is held longer than it is needed.
    try {
      for (let chunk = kept.shift(); chunk !== undefined; chunk = kept.shift()) yield chunk;
      for await (const chunk of { [Symbol.asyncIterator]: () => iterator })
        yield lent ? chunk.slice() : chunk;
    } finally {
      await iterator.return?.();
    }
  }
  return {
    tap: { ...origin, open: ({ signal }) => tap(signal) },
    replay: {
      ...origin,
      open(options) {
        const iterator = rest;
        if (iterator === undefined || (options.offset ?? 0) > 0) return origin.open(options);
        rest = undefined;
        return replay(iterator, options.borrow);
      },
    },
    async close() {
      const iterator = rest;
      rest = undefined;
      kept.length = 0;
      await iterator?.return?.();
    },
  };
}
