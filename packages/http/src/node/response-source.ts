import type { IncomingMessage } from "node:http";
import type { ChunkSource } from "../response.ts";
import type { IdleWatch } from "./idle-watch.ts";

/** As many bytes are read ahead of who reads the body. */
const readAhead = 256 * 1024;

export interface ResponseSource extends ChunkSource {
  /** The body ends with this error: at once, or after what was read ahead. */
  fail(error: Error, when: "now" | "after what came"): void;
}

interface SourceOptions {
  /** Nothing comes: the connection is free again without anybody reading. */
  readonly empty: boolean;
  readonly watch: IdleWatch;
  /** Called once, when nothing more comes: at the end, or when the body is not wanted any more. */
  onEnd(how: "complete" | "cancelled"): void;
}

/**
 * The chunks of a response as they come. Not the iterator that streams have: it joins chunks that wait, which copies them, and
 * takes longer for each.
 */
export function responseSource(
  response: IncomingMessage,
  { empty, watch, onEnd }: SourceOptions,
): ResponseSource {
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let reader: { resolve(chunk: Uint8Array | undefined): void; reject(error: Error): void } | undefined;
  let failure: Error | undefined;
  let state: "unread" | "flowing" | "paused" | "ended" = "unread";

  const end = (how: "complete" | "cancelled"): void => {
    if (state === "ended") return;
    state = "ended";
    watch.stop();
    onEnd(how);
  };

  response.once("end", () => {
    if (!response.complete) return;
    end("complete");
    reader?.resolve(undefined);
    reader = undefined;
  });

  const onData = (chunk: Uint8Array): void => {
    if (state === "ended") return;
    watch.start();
    if (reader !== undefined) {
      reader.resolve(chunk);
      reader = undefined;
      return;
    }
    waiting.push(chunk);
    waitingBytes += chunk.length;
    if (waitingBytes < readAhead) return;
    state = "paused";
    response.pause();
    watch.stop();
  };

  const flow = (): void => {
    if (state === "unread") {
      state = "flowing";
      watch.start();
      response.on("data", onData);
    } else if (state === "paused" && waitingBytes < readAhead / 2) {
      state = "flowing";
      watch.start();
      response.resume();
    }
  };

  if (empty) flow();
  return {
    next() {
      const chunk = waiting.shift();
      if (chunk !== undefined) waitingBytes -= chunk.length;
      flow();
      if (chunk !== undefined) return Promise.resolve(chunk);
      if (failure !== undefined) return Promise.reject(failure);
      if (state === "ended") return Promise.resolve(undefined);
      return new Promise((resolve, reject) => {
        reader = { resolve, reject };
      });
    },
    cancel() {
      waiting.length = 0;
      end("cancelled");
      reader?.resolve(undefined);
      reader = undefined;
    },
    fail(error, when) {
      failure ??= error;
      if (when === "now") waiting.length = 0;
      watch.stop();
      state = "ended";
      reader?.reject(failure);
      reader = undefined;
    },
  };
}
