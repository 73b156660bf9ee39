import { setImmediate } from "node:timers/promises";
import type { BlockFormat, DeflateAlgorithm } from "@drayage/compression";
import { type Filled, openBlocks } from "./block-source.ts";
import { isLarge, largeSize, originSize } from "./large.ts";
import { createReceiver } from "./receiver.ts";
import { createSeats, type Seat } from "./seats.ts";
import type { DrainResult } from "./sink.ts";
import { resultOf } from "./stages.ts";
import type { DrainTask, Run } from "./task.ts";
import { createBlockCrew } from "./workers/block-crew.ts";
import { holdWorkers } from "./workers/pool.ts";

/** A deflation by several threads keeps all of them busy by itself, and holds much memory: one at a time. */
const seats = createSeats(() => 1);

/** What is not larger is over before it is in the way of another deflation. */
const smallSize = 1024 * 1024;

/**
 * Deflates block by block as the last step: this thread reads, hashes, hands out blocks and writes what comes of them in
 * order; workers deflate them, as soon as there is much to do. The bytes are the same whoever deflates them.
 */
export async function prepareBlocks(task: DrainTask): Promise<Run | undefined> {
  const step = task.stages.transforms.at(-1);
  if (step?.do !== "deflate") return undefined;
  const { checkLevel } = await import("@drayage/compression");
  const level = checkLevel(step.algorithm, step.level);
  return () => run(task, step.algorithm, level);
}

async function run(task: DrainTask, algorithm: DeflateAlgorithm, level: number): Promise<DrainResult> {
  // A writer may wait for another drain, so that it must not wait for this one's seat.
  const waits = task.sink.kind === "file" && (originSize(task.blob.origin) ?? 0) > smallSize;
  using seat = waits ? await seats.take(task.interrupt) : undefined;
  using _hold = holdWorkers();
  const { createBlockFormat } = await import("@drayage/compression");
  await deflateBlocks(task, createBlockFormat(algorithm, level), { algorithm, level, seat });
  return resultOf(task.stages);
}

interface DeflateSettings {
  readonly algorithm: DeflateAlgorithm;
  readonly level: number;
  /** Which allows to call for workers; undefined where one is taken when there is much to do, if it is free. */
  readonly seat: Seat | undefined;
}

async function deflateBlocks(
  task: DrainTask,
  format: BlockFormat,
  { algorithm, level, seat }: DeflateSettings,
): Promise<void> {
  const { interrupt, stages } = task;
  const receive = createReceiver(task);
  const crew = await createBlockCrew({ algorithm, level, format });
  let laterSeat: Seat | undefined;

  async function enlist(): Promise<void> {
    if (seat === undefined) laterSeat ??= seats.takeFree();
    if ((seat ?? laterSeat) !== undefined) await crew.enlist();
  }

  async function give(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    stages.meters.at(-1)?.update(bytes);
    const written = receive(bytes);
    if (written !== undefined) await interrupt.race(written);
  }

  const source = await openBlocks(task);
  try {
    if (isLarge(task.blob.origin)) await enlist();
    await give(format.header);
    let read = 0;
    for (let ended = false; !ended || crew.pending > 0; ) {
      interrupt.throwIfAborted();
      const block: Uint8Array | undefined = ended ? undefined : crew.freeBlock();
      if (block === undefined) {
        await crew.takeOldest(interrupt, give);
        continue;
      }
      const { size, last }: Filled = await interrupt.race(source.fill(block));
      format.onBlock(block.subarray(0, size));
      ended = last;
      read += size;
      if (read > largeSize) await enlist();
      crew.deflate(size, last);
      // So that it is known what the workers have done by now.
      await setImmediate();
    }
    await give(format.trailer());
  } finally {
    await source.close();
    crew.close();
    laterSeat?.[Symbol.dispose]();
  }
}
