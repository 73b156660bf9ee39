import type { Blob, BlobOrigin } from "./blob.ts";
import type { Interrupt } from "./interrupt.ts";
import type { Counter } from "./pace.ts";
import type { BlobSink } from "./sink.ts";
import type { Stages } from "./stages.ts";
import { prepareBuffers } from "./way-buffers.ts";
import { prepareStream } from "./way-stream.ts";

/** One drain, as the ways see it. */
export interface DrainTask {
  readonly blob: Blob;
  readonly sink: BlobSink;
  readonly stages: Stages;
  /** How many of the origin's first bytes the sink has and the meters have seen. */
  readonly skip: number;
  readonly signal: AbortSignal | undefined;
  readonly interrupt: Interrupt;
  readonly counter: Counter;
}

/** Moves the bytes of one task, and has every meter see its stage to the end. */
export type Run = () => Promise<void>;

/** How bytes move from an origin to a sink. */
interface Way {
  readonly origins: readonly BlobOrigin["kind"][];
  readonly sinks: readonly BlobSink["kind"][];
  /** Undefined where a step of the task cannot be done in this way on this machine. */
  readonly prepare: (task: DrainTask) => Promise<Run | undefined>;
}

/** Every way, the best first. The first one that takes the origin, the sink and all steps is used. */
const ways: readonly Way[] = [
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
