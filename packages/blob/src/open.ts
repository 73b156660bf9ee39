import { DrayageError, throwIfAborted } from "@drayage/errors";
import type { Blob } from "./blob.ts";
import { chunksOf } from "./chunks.ts";
import { interruptOf } from "./interrupt.ts";
import { type Stages, stagesOf, unverifiedStages } from "./stages.ts";
import { concat } from "./transforms.ts";
import { namingBlob, whatOf } from "./what.ts";

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * The blob's bytes after all steps, verified at every stage: chunks of 256 KiB (those of a stream as they come) that
 * belong to whoever takes them. They are handed on before the end is known, so nothing that is made of them counts
 * until the iteration has ended without an error.
 *
 * @throws what `drain` throws
 */
export function openBlob(blob: Blob, options: ReadOptions = {}): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => chunks(blob, stagesOf(blob), options.signal) };
}

/** As {@link openBlob}, but neither digests nor sizes are verified. */
export function readUnverified(blob: Blob, options: ReadOptions = {}): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => chunks(blob, unverifiedStages(blob), options.signal) };
}

async function* chunks(
  blob: Blob,
  stages: Stages,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  throwIfAborted(signal);
  using interrupt = interruptOf(signal);
  try {
    yield* chunksOf(blob, stages, { signal, interrupt });
  } catch (error) {
    throw namingBlob(error, blob);
  }
}

export interface ReadBlobOptions extends ReadOptions {
  /** The most bytes that are accepted. */
  readonly limit: number;
}

/**
 * All bytes of a small blob, verified.
 *
 * @throws `ERR_DRAYAGE_LIMIT_EXCEEDED`, and what `drain` throws
 */
export async function readBlob(blob: Blob, options: ReadBlobOptions): Promise<Uint8Array> {
  const { limit, signal } = options;
  if (blob.size !== undefined && blob.size > limit) throw tooLarge(blob, limit);
  const taken: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of openBlob(blob, { signal })) {
    size += chunk.length;
    if (size > limit) throw tooLarge(blob, limit);
    taken.push(chunk);
  }
  return concat(taken);
}

function tooLarge(blob: Blob, limit: number): DrayageError {
  const size = blob.size === undefined ? "more" : `${blob.size}`;
  return new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `${whatOf(blob)} has ${size} bytes, where at most ${limit} are accepted`,
  );
}
