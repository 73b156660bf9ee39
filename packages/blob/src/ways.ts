import type { BlobOrigin } from "./blob.ts";
import type { BlobSink } from "./sink.ts";
import type { DrainTask, Run } from "./task.ts";
import { prepareAhead } from "./way-ahead.ts";
import { prepareBlocks } from "./way-blocks.ts";
import { prepareBuffers } from "./way-buffers.ts";
import { prepareClone } from "./way-clone.ts";
import { prepareConsumer } from "./way-consumer.ts";
import { prepareRelay } from "./way-relay.ts";
import { prepareStream } from "./way-stream.ts";
import { prepareThread } from "./way-thread.ts";

/** How bytes move from an origin to a sink. */
interface Way {
  readonly origins: readonly BlobOrigin["kind"][];
  readonly sinks: readonly BlobSink["kind"][];
  /** Undefined where a step of the task cannot be done in this way on this machine. */
  readonly prepare: (task: DrainTask) => Promise<Run | undefined>;
}

/** Every way, the best first. The first one that takes the origin, the sink and all steps is used. */
const ways: readonly Way[] = [
  // The file system shares or copies the bytes, which are then read once, from the copy.
  { origins: ["file"], sinks: ["file"], prepare: prepareClone },
  // This thread inflates what a consumer on another uses up: for large layers that must wait for each other.
  { origins: ["file", "bytes"], sinks: ["consumer"], prepare: prepareAhead },
  // As with buffers below, on a thread of its own where this one is busy: for large layers.
  { origins: ["file"], sinks: ["file", "consumer"], prepare: prepareThread },
  // Blocks are deflated by several threads where there is much to do.
  { origins: ["file", "bytes", "stream"], sinks: ["file", "writer"], prepare: prepareBlocks },
  // This thread only takes what arrives, and another does the rest: for large blobs.
  { origins: ["stream"], sinks: ["file", "consumer"], prepare: prepareRelay },
  // A consumer on this thread, behind one of the two ways below.
  { origins: ["file", "bytes", "stream"], sinks: ["consumer"], prepare: prepareConsumer },
  // One fixed buffer and synchronous engines, on this thread.
  { origins: ["file", "bytes"], sinks: ["file", "writer"], prepare: prepareBuffers },
  // A chain of async iterables: takes everything.
  { origins: ["file", "bytes", "stream"], sinks: ["file", "writer"], prepare: prepareStream },
];

/** The one place that decides how bytes move. */
export async function chooseWay(task: DrainTask): Promise<Run> {
  for (const { origins, sinks, prepare } of ways) {
    if (!origins.includes(task.blob.origin.kind) || !sinks.includes(task.sink.kind)) continue;
    const run = await prepare(task);
    if (run !== undefined) return run;
  }
  throw new TypeError(`no way from a ${task.blob.origin.kind} to a ${task.sink.kind}`);
}
