import { fstatSync, statSync, writeSync } from "node:fs";
import { errnoOf } from "@drayage/errors";
import type { Output } from "./context.ts";

/**
 * Standard output (1) or error (2), written to without a stream: making Node's own takes longer than all that a short
 * command does. Where it is a terminal, or a pipe that cannot take more at once, Node's stream does serve.
 *
 * @param onError told of what a write failed with; writes themselves never throw
 */
export function standardStream(descriptor: 1 | 2, onError: (error: unknown) => void): Output {
  let stream: NodeJS.WriteStream | undefined;
  const open = (): NodeJS.WriteStream => {
    if (stream !== undefined) return stream;
    stream = descriptor === 1 ? process.stdout : process.stderr;
    stream.on("error", onError);
    return stream;
  };
  const terminal = (): NodeJS.WriteStream | undefined => (mayBeTerminal(descriptor) ? open() : undefined);
  return {
    write(text) {
      const bytes = typeof text === "string" ? Buffer.from(text) : text;
      try {
        const isDirect = stream === undefined && process.platform !== "win32";
        const rest = isDirect ? writeDirectly(descriptor, bytes) : bytes;
        if (rest.length > 0) open().write(rest);
      } catch (error) {
        onError(error);
      }
    },
    get isTTY() {
      return terminal()?.isTTY;
    },
    get columns() {
      return terminal()?.columns;
    },
    getColorDepth: (env) => terminal()?.getColorDepth?.(env) ?? 1,
  };
}

/** Writes, and gives what the reader was too slow for. */
function writeDirectly(descriptor: number, bytes: Uint8Array): Uint8Array {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      if (errnoOf(error) !== "EAGAIN") throw error;
      return bytes.subarray(at);
    }
  }
  return new Uint8Array();
}

/** Whether it is worth asking Node, which loads much to tell. */
function mayBeTerminal(descriptor: number): boolean {
  if (process.platform === "win32") return true;
  const stats = fstatSync(descriptor);
  return stats.isCharacterDevice() && stats.rdev !== statSync("/dev/null", { throwIfNoEntry: false })?.rdev;
}
