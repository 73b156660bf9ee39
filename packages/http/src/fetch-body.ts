import { DrayageError } from "@drayage/errors";
import type { HttpBody } from "./client.ts";

/** A body that is made while fetch sends it. */
export interface FetchBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** Settles when `send` of the body has. */
  readonly done: Promise<void>;
  /** Whether the whole body was handed over. */
  complete(): boolean;
  stop(reason: Error): void;
}

export function streamBody(body: HttpBody, op: string): FetchBody {
  const { length } = body;
  const stopping = new AbortController();
  let stopped: Error | undefined;
  let settlePending: { resolve(): void; reject(reason: Error): void } | undefined;
  let sent = 0;
  let ended = false;
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  const stop = (reason: Error): void => {
    stopped ??= reason;
    stopping.abort(reason);
    settlePending?.reject(stopped);
    settlePending = undefined;
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      start(made) {
        controller = made;
      },
      pull() {
        settlePending?.resolve();
        settlePending = undefined;
      },
      cancel(reason) {
        stop(reason instanceof Error ? reason : new Error("the body is not wanted"));
      },
    },
    { highWaterMark: 0 },
  );

  const write = (chunk: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      const refused = stopped ?? refuse(chunk);
      if (refused !== undefined) {
        reject(refused);
      } else if (chunk.length === 0) {
        resolve();
      } else {
        sent += chunk.length;
        settlePending = { resolve, reject };
        // fetch may hold it for longer than the writer has to leave it alone.
        controller?.enqueue(chunk.slice());
      }
    });
  const refuse = (chunk: Uint8Array): Error | undefined => {
    if (settlePending !== undefined || ended) {
      return new DrayageError(
        "ERR_DRAYAGE_USAGE",
        `${op}: a chunk was written ${ended ? "after the end" : "before the one before it was"}`,
      );
    }
    if (length === undefined || sent + chunk.length <= length) return undefined;
    return sizeMismatch(`more than the ${length}`, op);
  };
  const run = async (): Promise<void> => {
    try {
      await body.send(write, { signal: stopping.signal });
      if (stopped !== undefined) throw stopped;
      if (length !== undefined && sent !== length) throw sizeMismatch(`${sent} of the ${length}`, op);
      ended = true;
      controller?.close();
    } catch (error) {
      ended = true;
      if (stopped === undefined) controller?.error(error);
      throw error;
    }
  };
  return { stream, done: run(), complete: () => ended && stopped === undefined, stop };
}

/** For where fetch cannot send streams: the whole body, in memory. */
export async function collectBody(
  body: HttpBody,
  options: { op: string; limit: number; signal: AbortSignal },
): Promise<Uint8Array<ArrayBuffer>> {
  const { op, limit, signal } = options;
  if ((body.length ?? 0) > limit) throw tooLarge(op, limit);
  const chunks: Uint8Array[] = [];
  let size = 0;
  await body.send(
    async (chunk) => {
      size += chunk.length;
      if (size > limit) throw tooLarge(op, limit);
      chunks.push(chunk.slice());
    },
    { signal },
  );
  if (body.length !== undefined && size !== body.length)
    throw sizeMismatch(`${size} of the ${body.length}`, op);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function sizeMismatch(how: string, op: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_SIZE_MISMATCH",
    `${op}: the body has ${how} bytes that were announced`,
  );
}

function tooLarge(op: string, limit: number): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `${op}: this platform cannot stream a body, and it has more than ${limit} bytes`,
  );
}
