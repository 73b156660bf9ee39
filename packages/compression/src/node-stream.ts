import type { Transform } from "node:stream";
import { abortError, isDrayageError } from "@drayage/errors";
import type { Algorithm } from "./algorithm.ts";
import { chunksOf } from "./chunks.ts";
import type { ByteSource } from "./engine.ts";
import { invalid, trailing, truncated } from "./errors.ts";

/** One of node:zlib's streams, which count the bytes they took, or one of a library's. */
type ZlibStream = Transform & { readonly bytesWritten?: number };

export interface ThroughOptions {
  readonly algorithm: Algorithm;
  readonly signal: AbortSignal | undefined;
  create(): ZlibStream;
}

/**
 * `source`, which ends when the signal is aborted, through one of node:zlib's decompressing streams. The
 * stream is destroyed when the consumer stops early, when the source fails and when the signal is aborted.
 */
export async function* through(
  source: ByteSource,
  { algorithm, signal, create }: ThroughOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = create();
  const onAbort = () => stream.destroy(abortError(signal?.reason));
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  const feeding = feed(source, stream);
  try {
    for await (const chunk of stream) yield* chunksOf(chunk as Uint8Array);
    const { fed, ended } = feeding.progress;
    if (!ended || (stream.bytesWritten ?? fed) !== fed) throw trailing(algorithm);
  } catch (error) {
    throw error === feeding.progress.failure ? error : translate(error, algorithm);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    stream.destroy();
    await feeding.done;
  }
}

interface Feeding {
  readonly progress: {
    fed: number;
    ended: boolean;
    /** What the source threw. */
    failure?: unknown;
  };
  /** Settles, never rejects: the source's error destroys the stream and comes out there. */
  readonly done: Promise<void>;
}

function feed(source: ByteSource, stream: ZlibStream): Feeding {
  const progress: Feeding["progress"] = { fed: 0, ended: false };
  const run = async () => {
    for await (const chunk of source) {
      if (stream.destroyed || stream.readableEnded) return;
      progress.fed += chunk.length;
      if (!stream.write(chunk)) await drained(stream);
    }
    progress.ended = true;
    stream.end();
  };
  const done = run().catch((error: unknown) => {
    progress.failure = error;
    stream.destroy(error as Error);
  });
  return { progress, done };
}

/** Settles once the stream takes more, or never will. */
function drained(stream: ZlibStream): Promise<void> {
  return new Promise((resolve) => {
    const events = ["drain", "close", "end", "error"];
    const settle = () => {
      for (const event of events) stream.off(event, settle);
      resolve();
    };
    for (const event of events) stream.on(event, settle);
  });
}

/** The decoder's errors as ours. */
function translate(error: unknown, algorithm: Algorithm): unknown {
  if (isDrayageError<string>(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "Z_BUF_ERROR" ? truncated(algorithm) : invalid(algorithm, message, error);
}
