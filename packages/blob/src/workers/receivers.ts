import type { Blob } from "../blob.ts";
import { createReceiver } from "../receiver.ts";
import type { DrainResult } from "../sink.ts";
import { resultOf, stagesOf } from "../stages.ts";
import { syncLine } from "../sync-chunks.ts";
import { createSyncSteps } from "../sync-steps.ts";
import type { ReceiveJob } from "./messages.ts";

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
  const receive = createReceiver({ sink: { kind: "file", ...sink }, skip: 0 });
  return {
    take(chunk) {
      for (const made of line.push(chunk)) void receive(made);
    },
    end() {
      for (const made of line.finish()) void receive(made);
      return resultOf(stages);
    },
    close() {
      for (const step of steps) step.close();
    },
  };
}
