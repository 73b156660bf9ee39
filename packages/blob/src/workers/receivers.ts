import type { Blob } from "../blob.ts";
import { consumed } from "../consumer.ts";
import { createReceiver } from "../receiver.ts";
import type { DrainResult } from "../sink.ts";
import { resultOf, stagesOf } from "../stages.ts";
import { syncLine } from "../sync-chunks.ts";
import { createSyncSteps } from "../sync-steps.ts";
import { liveSink } from "./live-sink.ts";
import type { PlainSink, ReceiveJob } from "./messages.ts";

/** The blobs that this thread is being sent, each under a number. */
export interface Receivers {
  open(id: number, job: ReceiveJob): Promise<void>;
  take(id: number, chunk: Uint8Array): void;
  /** What passed, verified to its end. */
  end(id: number): DrainResult;
  drop(id: number): void;
}

interface Receiving {
  take(chunk: Uint8Array): void;
  end(): DrainResult;
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
    end: (id) => find(id).end(),
    drop(id) {
      open.get(id)?.close();
      open.delete(id);
    },
  };
}

async function receiving({ blob: described, sink }: ReceiveJob): Promise<Receiving> {
  // Its bytes are sent: nobody opens this.
  const origin: Blob["origin"] = { kind: "stream", open: () => [] as never };
  const blob: Blob = { ...described, origin };
  const stages = stagesOf(blob);
  const steps = await createSyncSteps(origin, stages.transforms);
  if (steps === undefined) throw new TypeError("an engine was there a moment ago");
  const line = syncLine(stages, steps);
  const end = await endOf(sink).catch((error: unknown) => {
    for (const step of steps) step.close();
    throw error;
  });
  return {
    take(chunk) {
      for (const made of line.push(chunk)) end.take(made);
    },
    end() {
      for (const made of line.finish()) end.take(made);
      return end.result(resultOf(stages));
    },
    close() {
      for (const step of steps) step.close();
      end.close();
    },
  };
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
