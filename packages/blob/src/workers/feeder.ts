import type { Interrupt } from "../interrupt.ts";
import { chunkSize } from "../pace.ts";
import type { DrainResult } from "../sink.ts";
import type { ReceiveJob } from "./messages.ts";
import type { JobWorker } from "./pool.ts";

/** Sends chunks to a worker by way of memory that both see. */
export interface Feeder extends AsyncDisposable {
  take(chunk: Uint8Array): Promise<void>;
  /**
   * After the last chunk: waits until the worker has used up all.
   *
   * @param drained what passed, where this thread has verified it
   */
  end(drained?: DrainResult): Promise<DrainResult>;
}

export interface FeederOptions {
  readonly worker: JobWorker;
  readonly job: ReceiveJob;
  /** How many chunks of 256 KiB may be on their way. */
  readonly slotCount: number;
  readonly interrupt: Interrupt;
}

export async function createFeeder({ worker, job, slotCount, interrupt }: FeederOptions): Promise<Feeder> {
  const opened = await worker.run(job);
  if (opened.state !== "received") throw new TypeError(`a worker answered a receiver with ${opened.state}`);
  const { receiver } = opened;

  let slots = 0;
  const free: SharedArrayBuffer[] = [];
  const taken: { readonly slot: SharedArrayBuffer; readonly done: Promise<unknown> }[] = [];
  let filling: { readonly slot: SharedArrayBuffer; readonly bytes: Uint8Array; size: number } | undefined;

  async function nextSlot(): Promise<SharedArrayBuffer> {
    const known = free.pop();
    if (known !== undefined) return known;
    if (slots < slotCount) {
      slots += 1;
      return new SharedArrayBuffer(chunkSize);
    }
    const oldest = taken.shift();
    if (oldest === undefined) throw new TypeError("there is no slot");
    await interrupt.race(oldest.done);
    return oldest.slot;
  }
  function send(): void {
    if (filling === undefined) return;
    const { slot, size: filled } = filling;
    filling = undefined;
    const done = worker.run({ kind: "chunk", receiver, slot, size: filled });
    // It is awaited in its turn; until then a failure must not count as unhandled.
    done.catch(() => undefined);
    taken.push({ slot, done });
  }

  return {
    async take(chunk) {
      for (let at = 0; at < chunk.length; ) {
        if (filling === undefined) {
          const slot = await nextSlot();
          filling = { slot, bytes: new Uint8Array(slot), size: 0 };
        }
        const part = chunk.subarray(at, at + chunkSize - filling.size);
        filling.bytes.set(part, filling.size);
        filling.size += part.length;
        at += part.length;
        if (filling.size === chunkSize) send();
      }
    },
    async end(drained) {
      send();
      for (const { done } of taken.splice(0)) await interrupt.race(done);
      const ended = await worker.run({ kind: "end", receiver, drained });
      if (ended.state !== "drained") throw new TypeError(`a worker answered an end with ${ended.state}`);
      return ended.result;
    },
    async [Symbol.asyncDispose]() {
      // Awaited also after an error: the file must not be closed while another thread writes to it.
      await worker.run({ kind: "drop", receiver }).catch(() => undefined);
    },
  };
}
