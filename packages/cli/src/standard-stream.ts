import type { Output } from "./context.ts";
import { mayBeTerminal } from "./terminal.ts";
import { writeDirectly } from "./write-directly.ts";

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
      const isDirect = stream === undefined && process.platform !== "win32";
      const { rest, error } = isDirect ? writeDirectly(descriptor, bytes) : { rest: bytes };
      if (error !== undefined) onError(error);
      else if (rest.length > 0) open().write(rest);
    },
    async drained() {
      if (stream?.writableNeedDrain !== true) return;
      await new Promise<void>((resolve) => {
        // A reader that went away takes no more, ever.
        stream
          ?.once("drain", resolve)
          .once("close", resolve)
          .once("error", () => resolve());
      });
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
