import { DrayageError, ioError } from "@drayage/errors";
import type { Blob, BlobOrigin, StreamOrigin } from "./blob.ts";
import { rangeChunks } from "./file-range.ts";
import type { Interrupt } from "./interrupt.ts";
import { chunkSize, createPace } from "./pace.ts";
import type { StageMeter, Stages } from "./stages.ts";
import { transformed } from "./transforms.ts";

type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

/** How an origin is read. */
export interface ChunksOptions {
  readonly signal: AbortSignal | undefined;
  readonly interrupt: Interrupt;
  /** How many of the origin's bytes are left out. */
  readonly skip?: number | undefined;
  /** A chunk may be overwritten once the next one is asked for. */
  readonly borrow?: boolean | undefined;
  /** Told of each chunk's size as it comes from the origin. */
  readonly onRead?: ((count: number) => void) | undefined;
}

/** The blob's bytes after all steps, looked at by the meters of the stages that have one. */
export function chunksOf(blob: Blob, stages: Stages, options: ChunksOptions): Chunks {
  let chunks = metered(originChunks(blob.origin, options), stages.meters[0]);
  for (const [index, step] of stages.transforms.entries()) {
    chunks = metered(transformed(chunks, step, options.signal), stages.meters[index + 1]);
  }
  return chunks;
}

async function* metered(chunks: AsyncIterable<Uint8Array>, meter: StageMeter | undefined): Chunks {
  for await (const chunk of chunks) {
    meter?.update(chunk);
    yield chunk;
  }
  meter?.finish();
}

/** The origin's bytes. Every chunk belongs to whoever takes it, unless it is borrowed, and none is empty. */
export async function* originChunks(origin: BlobOrigin, options: ChunksOptions): Chunks {
  const pace = createPace();
  for await (const chunk of rawChunks(origin, options)) {
    if (!(chunk instanceof Uint8Array)) throw notBytes(chunk);
    if (chunk.length === 0) continue;
    options.onRead?.(chunk.length);
    yield chunk;
    options.interrupt.throwIfAborted();
    const turn = pace.took(chunk.length);
    if (turn !== undefined) await turn;
  }
}

function rawChunks(
  origin: BlobOrigin,
  options: ChunksOptions,
): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  switch (origin.kind) {
    case "file":
      return rangeChunks(origin, options.skip);
    case "bytes":
      return slices(origin.bytes.subarray(options.skip ?? 0));
    case "stream":
      return arriving(origin, options);
  }
}

function* slices(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let start = 0; start < bytes.length; start += chunkSize)
    yield bytes.subarray(start, start + chunkSize);
}

/** A stream's chunks. None is waited for once the signal is aborted, and the iterator is always returned. */
async function* arriving(origin: StreamOrigin, options: ChunksOptions): Chunks {
  const { signal, interrupt, skip, borrow } = options;
  const opening = open(origin, { offset: skip, signal, borrow });
  let iterator: AsyncIterator<Uint8Array> | undefined;
  try {
    iterator = await interrupt.race(opening);
    for (;;) {
      const item = await interrupt.race(iterator.next());
      if (item.done === true) break;
      yield item.value;
    }
    iterator = undefined;
  } catch (error) {
    // An iterator that threw is over; one that is merely no longer waited for is not.
    if (signal?.aborted !== true) iterator = undefined;
    throw ioError(error, "read the stream");
  } finally {
    if (signal?.aborted === true) giveBack(opening);
    else if (iterator?.return !== undefined) await interrupt.race(iterator.return());
  }
}

async function open(
  origin: StreamOrigin,
  options: {
    offset: number | undefined;
    signal: AbortSignal | undefined;
    borrow: boolean | undefined;
  },
): Promise<AsyncIterator<Uint8Array>> {
  const opened = await origin.open(options);
  return opened[Symbol.asyncIterator]();
}

/** Returns an iterator without waiting for it: it may be stuck in the read that the abort has cut short. */
function giveBack(opening: Promise<AsyncIterator<Uint8Array>>): void {
  opening
    .then((iterator) => iterator.return?.())
    .catch(() => {
      // The abort is what ended the read; what its remains say is of no use to anybody.
    });
}

function notBytes(chunk: unknown): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `a stream gave a ${typeof chunk} where bytes were expected`, {
    hint: "a stream origin yields Uint8Array; call setEncoding on no Node stream",
  });
}
