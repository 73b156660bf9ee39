import type { ClientRequest } from "node:http";
import { DrayageError } from "@drayage/errors";
import type { HttpBody } from "../client.ts";
import type { IdleWatch } from "./idle-watch.ts";

/** A body on its way. */
export interface SendingBody {
  /** Settles when `send` of the body has. Rejects with what it threw. */
  readonly done: Promise<void>;
  /** Whether every byte of the body was handed over. */
  complete(): boolean;
  /** Lets the write that is pending reject, and each that follows; the body's signal is aborted. */
  stop(reason: Error): void;
}

export interface SendOptions {
  readonly op: string;
  readonly watch: IdleWatch;
}

export function sendBody(request: ClientRequest, body: HttpBody, { op, watch }: SendOptions): SendingBody {
  const { length } = body;
  const stopping = new AbortController();
  let stopped: Error | undefined;
  let rejectPending: ((reason: Error) => void) | undefined;
  let sent = 0;
  let finished = false;
  let ended = false;

  const write = (chunk: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      const refused = stopped ?? refuse(chunk);
      if (refused !== undefined) {
        reject(refused);
        return;
      }
      if (chunk.length === 0) {
        resolve();
        return;
      }
      sent += chunk.length;
      rejectPending = reject;
      watch.start();
      // Where the connection is gone, `stop` tells why: the callback's error says only that it is.
      request.write(chunk, (error) => {
        if (error || rejectPending !== reject) return;
        watch.stop();
        rejectPending = undefined;
        // A turn of the event loop, so that an answer that is there already is read before more is sent: what the other
        // side closes after an early answer would else break the connection with the answer unread.
        setImmediate(resolve);
      });
    });

  const refuse = (chunk: Uint8Array): Error | undefined => {
    if (rejectPending !== undefined) {
      return new DrayageError("ERR_DRAYAGE_USAGE", `${op}: a chunk was written before the one before it was`);
    }
    if (finished) return new DrayageError("ERR_DRAYAGE_USAGE", `${op}: a chunk was written after the end`);
    if (length === undefined || sent + chunk.length <= length) return undefined;
    return new DrayageError(
      "ERR_DRAYAGE_SIZE_MISMATCH",
      `${op}: the body has more than the ${length} bytes that were announced`,
    );
  };

  const run = async (): Promise<void> => {
    try {
      await body.send(write, { signal: stopping.signal });
    } finally {
      finished = true;
    }
    if (stopped !== undefined) throw stopped;
    if (length !== undefined && sent !== length) {
      throw new DrayageError(
        "ERR_DRAYAGE_SIZE_MISMATCH",
        `${op}: the body has ${sent} bytes, and ${length} were announced`,
      );
    }
    ended = true;
    request.end();
  };

  return {
    done: run(),
    complete: () => (length === undefined ? ended : sent === length),
    stop(reason) {
      stopped ??= reason;
      stopping.abort(reason);
      rejectPending?.(stopped);
      rejectPending = undefined;
    },
  };
}
