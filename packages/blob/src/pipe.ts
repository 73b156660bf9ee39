import { constants, openSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { errnoOf, ioError, throwIfAborted } from "@drayage/errors";

export interface PipeOptions {
  readonly signal?: AbortSignal | undefined;
}

/** How long to wait, in milliseconds, before a pipe that nobody reads is tried again. */
const readerDelay = 20;

/**
 * The file descriptor of this process that a path such as `/dev/stdout` stands for. Opening such a path anew fails for
 * sockets, and would start over at the beginning of a file that the shell has opened.
 */
export function descriptorOf(path: string): number | undefined {
  if (process.platform === "win32") return undefined;
  const name = /^\/dev\/(stdin|stdout|stderr)$/.exec(path)?.[1];
  if (name !== undefined) return ["stdin", "stdout", "stderr"].indexOf(name);
  const digits = /^\/(?:dev|proc\/self)\/fd\/(\d{1,6})$/.exec(path)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Opens one end of a named pipe, or of a pipe that this process was given, so that nothing that is done with it blocks a
 * thread: a blocked one keeps the process from ending. To write to a named pipe, waits until somebody reads it.
 *
 * @returns undefined where the path is no pipe, or this system opens pipes in no such way
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_ABORTED`
 */
export async function openPipe(
  path: string,
  end: "read" | "write",
  { signal }: PipeOptions,
): Promise<number | undefined> {
  // Elsewhere a pipe without a writer looks like one at its end.
  if (process.platform !== "linux") return undefined;
  const flags = (end === "read" ? constants.O_RDONLY : constants.O_WRONLY) | constants.O_NONBLOCK;
  for (;;) {
    throwIfAborted(signal);
    try {
      return statSync(path).isFIFO() ? openSync(path, flags) : undefined;
    } catch (error) {
      // It may be another user's, or its reader be gone: the descriptor itself serves then, or tells.
      if (descriptorOf(path) !== undefined) return undefined;
      if (errnoOf(error) !== "ENXIO") throw ioError(error, end, { path });
    }
    await delay(readerDelay, undefined, { signal }).catch(() => undefined);
  }
}
