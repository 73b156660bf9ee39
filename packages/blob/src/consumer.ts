import { setImmediate } from "node:timers/promises";
import { ioError } from "@drayage/errors";
import type { Consumer, ConsumerSink, DrainResult } from "./sink.ts";
import type { DrainTask } from "./task.ts";
import { prepareBuffers } from "./way-buffers.ts";
import { prepareStream } from "./way-stream.ts";

/** For how long, in milliseconds, a consumer may keep this thread to itself. */
const longestHold = 20;

/** Has the bytes used up on this thread; the event loop gets its turns, however long the consumer takes over a chunk. */
export async function consumeHere(
  task: Omit<DrainTask, "sink">,
  { create, settings }: ConsumerSink,
): Promise<DrainResult> {
  const consumer = await create(settings);
  try {
    let since = performance.now();
    const write = (chunk: Uint8Array): Promise<void> | undefined => {
      consumer.take(chunk);
      if (performance.now() - since < longestHold) return undefined;
      return setImmediate().then(() => {
        since = performance.now();
      });
    };
    const written: DrainTask = { ...task, sink: { kind: "writer", write } };
    const isStream = task.blob.origin.kind === "stream";
    const run = (isStream ? undefined : await prepareBuffers(written)) ?? (await prepareStream(written));
    return consumed(consumer, await run());
  } finally {
    consumer.close();
  }
}

/** The result of a drain whose bytes are all verified, with what the consumer has to say. */
export function consumed(consumer: Consumer, result: DrainResult): DrainResult {
  try {
    return { ...result, consumed: consumer.finish() };
  } catch (error) {
    throw ioError(error, "write");
  }
}
