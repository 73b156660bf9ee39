import { chunksOf } from "./chunks.ts";
import { createReceiver } from "./receiver.ts";
import type { DrainResult } from "./sink.ts";
import { resultOf } from "./stages.ts";
import type { DrainTask, Run } from "./task.ts";
import { createWriteBack } from "./write-back.ts";

/** Takes chunk after chunk out of a chain of async iterables, one for each stage. */
export async function prepareStream(task: DrainTask): Promise<Run> {
  return () => run(task);
}

async function run(task: DrainTask): Promise<DrainResult> {
  const { blob, stages, skip, signal, interrupt, counter } = task;
  const receive = createReceiver(task);
  const onRead = (count: number): void => counter.add(count);
  await using disk = createWriteBack(task.sink);
  // What is received is used up at once; steps may keep what they are given.
  const borrow = stages.transforms.length === 0;
  for await (const chunk of chunksOf(blob, stages, { signal, interrupt, skip, borrow, onRead })) {
    const written = receive(chunk);
    disk.wrote(chunk.length);
    if (written !== undefined) await interrupt.race(written);
  }
  await disk.finish();
  return resultOf(stages);
}
