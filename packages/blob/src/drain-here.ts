import { createCounter } from "./pace.ts";
import type { DrainResult } from "./sink.ts";
import { stagesOf } from "./stages.ts";
import type { DrainTask } from "./task.ts";
import { prepareBuffers } from "./way-buffers.ts";
import { prepareConsumer } from "./way-consumer.ts";
import { prepareStream } from "./way-stream.ts";

/** Drains on this thread and no other: what a worker does. */
export async function drainHere(
  task: Omit<DrainTask, "stages" | "counter">,
  onBytes: (total: number) => void,
): Promise<DrainResult> {
  const whole: DrainTask = { ...task, stages: stagesOf(task.blob), counter: createCounter(onBytes) };
  const run = (await prepareConsumer(whole)) ?? (await prepareBuffers(whole)) ?? (await prepareStream(whole));
  return run();
}
