import type { ChunkReader } from "./chunk-reader.ts";
import type { SyncStep } from "./sync-steps.ts";
import type { DrainTask } from "./task.ts";

/** What comes of a reader's chunks after all stages, without promises; each chunk is valid until the next one is asked for. */
export function* syncChunks(
  { stages, counter }: Pick<DrainTask, "stages" | "counter">,
  steps: readonly SyncStep[],
  reader: ChunkReader,
): Generator<Uint8Array, void, undefined> {
  const { meters } = stages;

  /** What comes of a chunk that enters a stage. */
  function* enter(stage: number, chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    meters[stage]?.update(chunk);
    const step = steps[stage];
    if (step === undefined) yield chunk;
    else for (const made of step.push(chunk)) yield* enter(stage + 1, made);
  }

  for (let chunk = reader.next(); chunk.length > 0; chunk = reader.next()) {
    counter.add(chunk.length);
    yield* enter(0, chunk);
  }
  for (const [stage, meter] of meters.entries()) {
    meter.finish();
    for (const made of steps[stage]?.finish() ?? []) yield* enter(stage + 1, made);
  }
}
