import { consumeHere } from "./consumer.ts";
import type { DrainTask, Run } from "./task.ts";

/** Has a consumer use up the bytes on this thread. Undefined for other sinks. */
export async function prepareConsumer({ sink, ...task }: DrainTask): Promise<Run | undefined> {
  return sink.kind === "consumer" ? () => consumeHere(task, sink) : undefined;
}
