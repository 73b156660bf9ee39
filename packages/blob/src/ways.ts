import type { Blob, BlobOrigin } from "./blob.ts";
import type { Interrupt } from "./interrupt.ts";
import type { Counter } from "./pace.ts";
import type { BlobSink } from "./sink.ts";
import type { Stages, Transform } from "./stages.ts";
import { drainThroughBuffers } from "./way-buffers.ts";
import { drainThroughStream } from "./way-stream.ts";

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

/** How bytes move from an origin to a sink. */
interface Way {
  readonly origins: readonly BlobOrigin["kind"][];
  readonly sinks: readonly BlobSink["kind"][];
  readonly takes: (transforms: readonly Transform[]) => boolean;
  readonly run: (task: DrainTask) => Promise<void>;
}

/** A chain of async iterables: takes everything. */
const stream: Way = {
  origins: ["file", "bytes", "stream"],
  sinks: ["file", "writer"],
  takes: () => true,
  run: drainThroughStream,
};

/** One fixed buffer, read and written synchronously on this thread. */
const buffers: Way = {
  origins: ["file", "bytes"],
  sinks: ["file", "writer"],
  takes: (transforms) => transforms.length === 0,
  run: drainThroughBuffers,
};

/** The best first: the first one that takes the origin, the sink and all steps is used. */
const ways: readonly Way[] = [buffers, stream];

/** The one place that decides how bytes move. */
export function wayOf({ blob, sink, stages }: DrainTask): Way {
  return (
    ways.find(
      (way) =>
        way.origins.includes(blob.origin.kind) &&
        way.sinks.includes(sink.kind) &&
        way.takes(stages.transforms),
    ) ?? stream
  );
}
