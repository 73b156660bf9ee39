import { openReader } from "./chunk-reader.ts";
import { chunksOf } from "./chunks.ts";
import { originSize } from "./large.ts";
import type { Stages } from "./stages.ts";
import { syncChunks } from "./sync-chunks.ts";
import { createSyncSteps, type SyncStep } from "./sync-steps.ts";
import type { DrainTask } from "./task.ts";

/** What is to be deflated, a block at a time. */
export interface BlockSource {
  /** Fills `block` as far as there are bytes, and says how many, and whether they are the last ones. */
  fill(block: Uint8Array): Promise<Filled>;
  close(): Promise<void>;
}

export interface Filled {
  readonly size: number;
  readonly last: boolean;
}

/** The bytes of a task as they are before its last step, metered and verified. */
export async function openBlocks(task: DrainTask): Promise<BlockSource> {
  const { stages, blob, counter, interrupt, signal } = task;
  const before: Stages = {
    meters: stages.meters.slice(0, -1),
    transforms: stages.transforms.slice(0, -1),
  };
  if (blob.origin.kind !== "stream") {
    if (before.transforms.length === 0) return directBlocks(task, before);
    const steps = await createSyncSteps(blob.origin, before.transforms);
    if (steps !== undefined) return gatheredBlocks(chunksHere(task, before, steps), steps);
  }
  const onRead = (count: number): void => counter.add(count);
  return gatheredBlocks(chunksOf(blob, before, { signal, interrupt, onRead }));
}

function* chunksHere(
  { blob, counter }: DrainTask,
  stages: Stages,
  steps: readonly SyncStep[],
): Generator<Uint8Array, void, undefined> {
  const reader = openReader(blob.origin, 0);
  try {
    yield* syncChunks({ stages, counter }, steps, reader);
  } finally {
    reader.close();
  }
}

/** Bytes of a file, or in memory, that nothing is done to: read straight to where they are deflated. */
function directBlocks({ blob, counter }: DrainTask, { meters }: Stages): BlockSource {
  const reader = openReader(blob.origin, 0);
  let left = originSize(blob.origin) ?? 0;
  return {
    async fill(block) {
      let size = 0;
      while (size < block.length) {
        const chunk = reader.nextInto(block.subarray(size));
        if (chunk === 0) break;
        meters[0]?.update(block.subarray(size, size + chunk));
        counter.add(chunk);
        size += chunk;
        left -= chunk;
      }
      if (left === 0) meters[0]?.finish();
      return { size, last: left === 0 };
    },
    close: async () => reader.close(),
  };
}

type Chunks = AsyncGenerator<Uint8Array, void, undefined> | Generator<Uint8Array, void, undefined>;

/** Chunks as they come, gathered into blocks. The steps that make them are closed with them. */
function gatheredBlocks(chunks: Chunks, steps: readonly SyncStep[] = []): BlockSource {
  let rest: Uint8Array = new Uint8Array(0);
  let ended = false;

  /** Makes `rest` hold something, unless there is nothing more. */
  async function pull(): Promise<void> {
    while (rest.length === 0 && !ended) {
      const item = await chunks.next();
      if (item.done === true) ended = true;
      else rest = item.value;
    }
  }
  return {
    async fill(block) {
      let size = 0;
      await pull();
      while (size < block.length && rest.length > 0) {
        const part = rest.subarray(0, block.length - size);
        block.set(part, size);
        size += part.length;
        rest = rest.subarray(part.length);
        await pull();
      }
      return { size, last: ended && rest.length === 0 };
    },
    async close() {
      await chunks.return();
      for (const step of steps) step.close();
    },
  };
}
