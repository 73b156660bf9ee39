import type { Blob } from "../blob.ts";
import { consumed } from "../consumer.ts";
import { createReceiver } from "../receiver.ts";
import type { DrainResult } from "../sink.ts";
import { resultOf, type Stages, stagesOf } from "../stages.ts";
import { type SyncLine, syncLine } from "../sync-chunks.ts";
import { createSyncSteps } from "../sync-steps.ts";
import { liveSink } from "./live-sink.ts";
import type { PlainSink, ReceiveJob } from "./messages.ts";

/** The blobs that this thread is being sent, each under a number. */
export interface Receivers {
  open(id: number, job: ReceiveJob): Promise<void>;
  take(id: number, chunk: Uint8Array): void;
  /** What passed, verified to its end: `drained`, or what was found out here. */
  end(id: number, drained: DrainResult | undefined): DrainResult;
  drop(id: number): void;
}

interface Receiving {
  take(chunk: Uint8Array): void;
  end(drained: DrainResult | undefined): DrainResult;
  close(): void;
}

export function createReceivers(): Receivers {
  const open = new Map<number, Receiving>();
  const find = (id: number): Receiving => {
    const found = open.get(id);
    if (found === undefined) throw new TypeError("chunks came for a blob that is not received");
    return found;
  };
  return {
    async open(id, job) {
      open.set(id, await receiving(job));
    },
    take: (id, chunk) => find(id).take(chunk),
    end: (id, drained) => find(id).end(drained),
    drop(id) {
      open.get(id)?.close();
      open.delete(id);
    },
  };
}

async function receiving({ blob, sink }: ReceiveJob): Promise<Receiving> {
  const line = await lineOf(blob);
  let end: End;
  try {
    end = await endOf(sink);
  } catch (error) {
    line.close();
    throw error;
  }
  let failure: { readonly error: unknown } | undefined;
  function take(chunks: Iterable<Uint8Array>): void {
    // What was on its way when something failed is not used any more.
    if (failure !== undefined) throw failure.error;
    try {
      for (const made of chunks) end.take(made);
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  return {
    take: (chunk) => take(line.push(chunk)),
    end(drained) {
      take(line.finish());
      return end.result(drained ?? resultOf(line.stages));
    },
    close() {
      line.close();
      end.close();
    },
  };
}

interface Line extends SyncLine {
  readonly stages: Stages;
  close(): void;
}

/** What is done with what is sent; nothing where it is verified already. */
async function lineOf(described: ReceiveJob["blob"]): Promise<Line> {
  // Its bytes are sent: nobody opens this.
  const origin: Blob["origin"] = { kind: "stream", open: () => [] as never };
  const stages =
    described === undefined ? { meters: [], transforms: [] } : stagesOf({ ...described, origin });
  const steps = await createSyncSteps(origin, stages.transforms);
  if (steps === undefined) throw new TypeError("an engine was there a moment ago");
  const close = (): void => {
    for (const step of steps) step.close();
  };
  return { ...syncLine(stages, steps), stages, close };
}

interface End {
  take(chunk: Uint8Array): void;
  result(drained: DrainResult): DrainResult;
  close(): void;
}

async function endOf(plain: PlainSink): Promise<End> {
  const sink = liveSink(plain);
  if (sink.kind === "consumer") {
    const consumer = await sink.create(sink.settings);
    return {
      take: (chunk) => consumer.take(chunk),
      result: (drained) => consumed(consumer, drained),
      close: () => consumer.close(),
    };
  }
  const receive = createReceiver({ sink, skip: 0 });
  return { take: (chunk) => void receive(chunk), result: (drained) => drained, close: () => undefined };
}
