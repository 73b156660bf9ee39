import type { BlobOrigin, CompressionAlgorithm } from "./blob.ts";
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

/**
 * An engine for each step, or undefined where one has none that works without promises, or where only the bytes tell which it
 * would be, and they cannot be looked at.
 */
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
  if (transform.algorithm !== undefined) return createInflateStep(transform.algorithm);
  // Only the first step's input can be looked at before anything has moved.
  if (!first || origin.kind === "stream") return undefined;
  const { detectCompression, magicLength } = await import("@drayage/compression");
  const algorithm = detectCompression(headOf(origin, magicLength));
  return algorithm === undefined ? pass : createInflateStep(algorithm);
}

/** Synchronous engines that are no slower than what inflates on the threads beside this one. */
const nativeEngines: readonly string[] = ["zlib-sync"];

/** Undefined also where the synchronous engine is a slow stand-in for one that streams. */
async function createInflateStep(algorithm: CompressionAlgorithm): Promise<SyncStep | undefined> {
  const { createSyncInflater, engines } = await import("@drayage/compression");
  const chosen = engines().filter(
    (row) => row.direction === "inflate" && row.algorithm === algorithm && row.chosen,
  );
  const synchronous = chosen.find((row) => row.synchronous)?.engine;
  const streaming = chosen.find((row) => !row.synchronous)?.engine;
  if (synchronous === undefined) return undefined;
  return synchronous === streaming || nativeEngines.includes(synchronous)
    ? createSyncInflater(algorithm, { borrow: true })
    : undefined;
}

function headOf(origin: BlobOrigin, length: number): Uint8Array {
  const reader = openReader(origin, 0);
  try {
    return reader.next().subarray(0, length);
  } finally {
    reader.close();
  }
}
