import { writeAllSync } from "./file-writes.ts";
import type { DrainTask } from "./ways.ts";

/** Takes one chunk of the result after the other. To be awaited when it gives a promise. */
export type Receiver = (chunk: Uint8Array) => void | Promise<void>;

export function createReceiver({ sink, skip }: DrainTask): Receiver {
  if (sink.kind === "writer") return (chunk) => sink.write(chunk);
  let position = sink.position + skip;
  return (chunk) => {
    position = writeAllSync(sink, chunk, position);
  };
}
