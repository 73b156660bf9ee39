import { createReadStream, fstatSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { abortError, throwIfAborted } from "@drayage/errors";
import { descriptorOf, openPipe, type PipeOptions } from "./pipe.ts";

/**
 * The bytes of what can be read only once: a pipe, a socket that this process was given, a device. A pipe that nobody
 * writes to yet is waited for. Once the signal is aborted, nothing is waited for any more.
 *
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_ABORTED`; the iteration throws the system's own errors too
 */
export async function openByteReader(
  path: string,
  options: PipeOptions = {},
): Promise<AsyncIterable<Uint8Array>> {
  throwIfAborted(options.signal);
  return endedBy(await openStream(path, options), options.signal);
}

/** The stream, which an abort of the signal ends, also while it is stuck in a read. */
export function endedBy(stream: Readable, signal: AbortSignal | undefined): Readable {
  // The error before the first read: whoever waits for the bytes hears of it from the signal.
  stream.on("error", () => undefined);
  const destroy = (): void => void stream.destroy(abortError(signal?.reason));
  signal?.addEventListener("abort", destroy, { once: true });
  stream.on("close", () => signal?.removeEventListener("abort", destroy));
  return stream;
}

async function openStream(path: string, options: PipeOptions): Promise<Readable> {
  const pipe = await openPipe(path, "read", options);
  if (pipe !== undefined) return new Socket({ fd: pipe, readable: true, writable: false });
  const descriptor = descriptorOf(path);
  return descriptor !== undefined && isSocket(descriptor)
    ? new Socket({ fd: descriptor, readable: true, writable: false })
    : createReadStream(path);
}

function isSocket(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isSocket();
  } catch {
    // Opening the path says what is wrong.
    return false;
  }
}
