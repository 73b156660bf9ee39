import type { StdioOptions } from "node:child_process";
import { closeSync, fchownSync } from "node:fs";
import { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { ioError } from "@drayage/errors";
import type { Sys } from "@drayage/sys";
import type { RunCommandOptions } from "../options.ts";

/** What a command reads from and writes to. */
export interface Streams extends Disposable {
  readonly stdio: StdioOptions;
  /** Aborted once what the command writes cannot be passed on: it is to end. */
  readonly broken: AbortSignal;
  /** The child has its ends now. */
  connected(): void;
  /** The command has ended: all that it wrote is passed on. Throws why it could not be. */
  drained(): Promise<void>;
}

type StreamOptions = Pick<RunCommandOptions, "stdin" | "onOutput"> & {
  readonly terminal: boolean;
  /** Who may open `/dev/stdout` again: the user of the command. */
  readonly owner: { readonly uid: number; readonly gid: number };
};

/**
 * Pipes between us and the command, even where it just writes to our outputs: a runtime gives these to the user of the command, and ours are not
 * to be given away. With a terminal the command has ours.
 */
export function openStreams(
  sys: Sys,
  { terminal, stdin = "ignore", onOutput, owner }: StreamOptions,
): Streams {
  const broken = new AbortController();
  if (terminal) {
    return {
      broken: broken.signal,
      stdio: ["inherit", "inherit", "inherit"],
      connected() {},
      async drained() {},
      [Symbol.dispose]() {},
    };
  }
  const theirs: number[] = [];
  const ours: Socket[] = [];

  function pipeFor(direction: "in" | "out"): readonly [ours: Socket, theirs: number] {
    const [read, write] = sys.pipe();
    const [near, far] = direction === "in" ? [write, read] : [read, write];
    theirs.push(far);
    if (process.geteuid?.() === 0 && owner.uid !== 0) fchownSync(far, owner.uid, owner.gid);
    const socket = new Socket({ fd: near, readable: direction === "out", writable: direction === "in" });
    ours.push(socket);
    return [socket, far];
  }

  const [input, source] = inputOf(stdin, pipeFor);
  const outputs = (["stdout", "stderr"] as const).map((name) => {
    const [reader, far] = pipeFor("out");
    const passed = onOutput === undefined ? passOn(reader, name) : tell(reader, name, onOutput);
    // Why is for `drained` to say.
    passed.catch(() => broken.abort());
    return { far, passed };
  });
  return {
    broken: broken.signal,
    stdio: [source, ...outputs.map(({ far }) => far)],
    connected() {
      for (const fd of theirs.splice(0)) closeSync(fd);
    },
    async drained() {
      input?.stop();
      await Promise.all(outputs.map(({ passed }) => passed));
    },
    [Symbol.dispose]() {
      input?.stop();
      for (const fd of theirs.splice(0)) closeSync(fd);
      for (const socket of ours) socket.destroy();
    },
  };
}

type Input = { stop(): void };

function inputOf(
  stdin: NonNullable<RunCommandOptions["stdin"]>,
  pipeFor: (direction: "in") => readonly [Socket, number],
): readonly [Input | undefined, "ignore" | "inherit" | number] {
  if (stdin === "ignore") return [undefined, "ignore"];
  if (stdin === "inherit" && process.stdin.isTTY) return [undefined, "inherit"];
  const [writer, far] = pipeFor("in");
  // A command need not read all that there is.
  writer.on("error", () => {});
  if (stdin === "inherit") {
    process.stdin.pipe(writer);
    return [
      {
        stop() {
          process.stdin.unpipe(writer);
          process.stdin.pause();
          writer.destroy();
        },
      },
      far,
    ];
  }
  writer.end(stdin);
  return [{ stop: () => void writer.destroy() }, far];
}

async function tell(
  reader: Socket,
  name: "stdout" | "stderr",
  onOutput: NonNullable<RunCommandOptions["onOutput"]>,
): Promise<void> {
  for await (const chunk of reader) onOutput(name, chunk as Uint8Array);
}

async function passOn(reader: Socket, name: "stdout" | "stderr"): Promise<void> {
  const output = process[name];
  // Each write tells of its own error; the event would end this process.
  const ignore = (): void => {};
  output.on("error", ignore);
  try {
    for await (const chunk of reader) await write(output, chunk as Uint8Array);
  } catch (error) {
    throw ioError(error, `write to ${name}`);
  } finally {
    // The event comes after the write's own answer.
    await nextTurn();
    output.off("error", ignore);
  }
}

function write(output: NodeJS.WriteStream, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
