import type { BlobOrigin } from "./blob.ts";
import { openReader } from "./chunk-reader.ts";
import type { Transform } from "./stages.ts";

/** One step that needs no promise. */
export interface SyncStep {
  /** What comes of the next bytes; to be iterated to the end before the next call. */
  push(chunk: Uint8Array): Iterable<Uint8Array>;
  finish(): Iterable<Uint8Array>;
  close(): void;
}

const pass: SyncStep = { push: (chunk) => [chunk], finish: () => [], close: () => undefined };

/** An engine for each step, or undefined where one has none that works without promises. */
export async function createSyncSteps(
  origin: BlobOrigin,
  transforms: readonly Transform[],
): Promise<readonly SyncStep[] | undefined> {
  const steps: SyncStep[] = [];
  for (const transform of transforms) {
    const step = await createSyncStep(origin, transform, steps.length === 0);
    if (step === undefined) {
      for (const { close } of steps) close();
      return undefined;
    }
    steps.push(step);
  }
  return steps;
}

async function createSyncStep(
  origin: BlobOrigin,
  transform: Transform,
  first: boolean,
): Promise<SyncStep | undefined> {
  if (transform.do === "deflate") return undefined;
  const { createSyncInflater, detectCompression, magicLength } = await import("@drayage/compression");
  if (transform.algorithm !== undefined) return createSyncInflater(transform.algorithm);
  // Only the first step's input can be looked at before anything has moved.
  if (!first) return undefined;
  const algorithm = detectCompression(headOf(origin, magicLength));
  return algorithm === undefined ? pass : createSyncInflater(algorithm);
}

function headOf(origin: BlobOrigin, length: number): Uint8Array {
  const reader = openReader(origin, 0);
  try {
    return reader.next().subarray(0, length);
  } finally {
    reader.close();
  }
}
