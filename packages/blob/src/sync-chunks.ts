import type { ChunkReader } from "./chunk-reader.ts";
import type { Stages } from "./stages.ts";
import type { SyncStep } from "./sync-steps.ts";
import type { DrainTask } from "./task.ts";

/** What comes of a reader's chunks after all stages, without promises; each chunk is valid until the next one is asked for. */
export function* syncChunks(
  { stages, counter }: Pick<DrainTask, "stages" | "counter">,
  steps: readonly SyncStep[],
  reader: ChunkReader,
): Generator<Uint8Array, void, undefined> {
  const line = syncLine(stages, steps);
  for (let chunk = reader.next(); chunk.length > 0; chunk = reader.next()) {
    counter.add(chunk.length);
    yield* line.push(chunk);
  }
  yield* line.finish();
}

/** All stages in a row: what goes in at one end comes out at the other. What is iterated must be iterated to its end. */
export interface SyncLine {
  push(chunk: Uint8Array): Iterable<Uint8Array>;
  /** What is left after the last chunk. Throws where a stage is not what it should be. */
  finish(): Iterable<Uint8Array>;
}

export function syncLine({ meters }: Stages, steps: readonly SyncStep[]): SyncLine {
  /** What comes of a chunk that enters a stage. */
  function* enter(stage: number, chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    meters[stage]?.update(chunk);
    const step = steps[stage];
    if (step === undefined) yield chunk;
    else for (const made of step.push(chunk)) yield* enter(stage + 1, made);
  }

  function* finish(): Generator<Uint8Array, void, undefined> {
    for (const [stage, meter] of meters.entries()) {
      meter.finish();
      for (const made of steps[stage]?.finish() ?? []) yield* enter(stage + 1, made);
    }
  }
  return { push: (chunk) => enter(0, chunk), finish };
}
