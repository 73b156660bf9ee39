import { constants, write } from "node:fs";
import { open } from "node:fs/promises";
import { Socket } from "node:net";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { DrayageError, errnoOf, ioError, throwIfAborted } from "@drayage/errors";
import { descriptorOf, openPipe, type PipeOptions } from "./pipe.ts";

/** Something that only takes bytes in order: a pipe, a terminal, a device. */
export interface ByteWriter {
  /**
   * Fulfilled when all bytes are written, and may be changed again.
   *
   * @throws `ERR_DRAYAGE_IO` (EPIPE where the reader is gone), `ERR_DRAYAGE_ABORTED`
   */
  write(bytes: Uint8Array): Promise<void>;
  /** May be called again. A descriptor that this process was given stays open. */
  close(): Promise<void>;
}

/**
 * Opens what is at a path for writing in order; a named pipe once somebody reads it. An abort of the signal ends every
 * later write too.
 *
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_ABORTED`
 */
export async function openByteWriter(path: string, options: PipeOptions = {}): Promise<ByteWriter> {
  const { signal } = options;
  const absolute = resolve(path);
  const pipe = await openPipe(absolute, "write", options);
  if (pipe !== undefined) {
    return pipeWriter(new Socket({ fd: pipe, readable: false, writable: true }), path, signal);
  }
  const descriptor = descriptorOf(absolute);
  if (descriptor !== undefined) return descriptorWriter(descriptor, path, signal);
  try {
    const handle = await open(path, constants.O_WRONLY);
    return { ...descriptorWriter(handle.fd, path, signal), close: () => handle.close() };
  } catch (error) {
    throw ioError(error, "write", { path });
  }
}

function pipeWriter(socket: Socket, path: string, signal: AbortSignal | undefined): ByteWriter {
  const destroy = (): void => void socket.destroy();
  signal?.addEventListener("abort", destroy, { once: true });
  // Every write tells of its own error.
  socket.on("error", () => undefined);
  const closed = new Promise<void>((settle) => socket.on("close", () => settle()));
  return {
    async write(bytes) {
      throwIfAborted(signal);
      try {
        await new Promise<void>((settle, reject) => {
          socket.write(bytes, (error) => (error ? reject(error) : settle()));
        });
      } catch (error) {
        throwIfAborted(signal);
        throw ioError(error, "write", { path });
      }
      // A write that is cut short by the end of its socket reports no error.
      throwIfAborted(signal);
      if (socket.destroyed) throw closedEarly(path);
    },
    async close() {
      signal?.removeEventListener("abort", destroy);
      destroy();
      await closed;
    },
  };
}

function closedEarly(path: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_IO", `cannot write ${JSON.stringify(path)}: it was closed meanwhile`);
}

const writeAsync = promisify(write);
/** How long to wait, in milliseconds, for the reader of a pipe that does not block. */
const fullPipeDelay = 5;

function descriptorWriter(fd: number, path: string, signal: AbortSignal | undefined): ByteWriter {
  return {
    async write(bytes) {
      for (let done = 0; done < bytes.length; ) {
        throwIfAborted(signal);
        try {
          done += (await writeAsync(fd, bytes, done, bytes.length - done, null)).bytesWritten;
        } catch (error) {
          if (errnoOf(error) !== "EAGAIN") throw ioError(error, "write", { path });
          await delay(fullPipeDelay);
        }
      }
    },
    close: async () => undefined,
  };
}
