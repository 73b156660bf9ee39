import type { StdioOptions } from "node:child_process";
import { closeSync, fchownSync } from "node:fs";
import { Socket } from "node:net";
import { finished } from "node:stream/promises";
import type { Sys } from "@drayage/sys";
import type { RunCommandOptions } from "../options.ts";

/** What a command reads from and writes to. */
export interface Streams extends Disposable {
  readonly stdio: StdioOptions;
  /** The child has its ends now. */
  connected(): void;
  /** The command has ended: all that it wrote is passed on. */
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
  if (terminal) {
    return {
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
    return { far, passed: passOn(reader, name, onOutput) };
  });
  // Where it fails before anybody waits for it, that is for `drained` to say.
  for (const { passed } of outputs) passed.catch(() => {});
  return {
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

async function passOn(
  reader: Socket,
  name: "stdout" | "stderr",
  onOutput: RunCommandOptions["onOutput"],
): Promise<void> {
  if (onOutput !== undefined) {
    reader.on("data", (chunk: Uint8Array) => onOutput(name, chunk));
    await finished(reader, { writable: false });
    return;
  }
  const output = process[name];
  // Nobody reads ours any more: the command is to learn of it.
  const closed = (): void => void reader.destroy();
  output.once("error", closed);
  try {
    reader.pipe(output, { end: false });
    await finished(reader, { writable: false }).catch((error: unknown) => {
      if (!reader.destroyed) throw error;
    });
    await new Promise<void>((resolve) => output.write("", () => resolve()));
  } finally {
    output.off("error", closed);
  }
}
