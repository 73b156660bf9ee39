import type { Blob } from "./blob.ts";
import type { Interrupt } from "./interrupt.ts";
import type { Counter } from "./pace.ts";
import type { BlobSink, DrainResult } from "./sink.ts";
import type { Stages } from "./stages.ts";

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

/** Moves the bytes of one task, and tells what passed at every stage, each verified to its end. */
export type Run = () => Promise<DrainResult>;
