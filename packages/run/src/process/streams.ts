import { closeSync, fchownSync } from "node:fs";
import { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { ioError } from "@drayage/errors";
import type { Sys } from "@drayage/sys";
import type { RunCommandOptions } from "../options.ts";
import { heldUntil } from "./held.ts";

/** What a command reads from and writes to. */
export interface Streams extends Disposable {
  readonly stdio: readonly ("inherit" | "ignore" | number)[];
  /** Aborted once what the command writes cannot be passed on: it is to end. */
  readonly broken: AbortSignal;
  /** The child has its ends now. */
  connected(): void;
  /** The child has ended: all that the command wrote is passed on. Throws why it could not be. */
  drained(): Promise<Start>;
}

/** Whether there ever was a command; what was said instead of it. */
export type Start = { readonly started: true } | { readonly started: false; readonly said: string };

type StreamOptions = Pick<RunCommandOptions, "stdin" | "onOutput" | "signal"> & {
  /** The child has ours; `but-errors`: a runtime, which gives the command its outputs and has what it writes to stderr for itself. */
  readonly terminal: "whole" | "but-errors" | undefined;
  /** Whether the command runs already. What the child writes before is no command's. */
  readonly hasStarted: () => boolean;
  /** Who may open `/dev/stdout` again: the user of the command. */
  readonly owner: { readonly uid: number; readonly gid: number };
};

/**
 * Pipes between us and the command, even where it just writes to our outputs: a runtime gives these to the user of the command, and ours are not
 * to be given away. With a terminal the command has ours.
 */
export function openStreams(
  sys: Sys,
  { terminal, stdin = "ignore", onOutput, owner, hasStarted, signal }: StreamOptions,
): Streams {
  const broken = new AbortController();
  const start = watchStart(hasStarted);
  let said = "";
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

  const inherited = { whole: 3, "but-errors": 2, none: 0 }[terminal ?? "none"];
  const [input, source] = inherited > 0 ? [undefined, "inherit" as const] : inputOf(stdin, pipeFor);
  const outputs = (["stdout", "stderr"] as const).slice(Math.max(inherited - 1, 0)).map((name) => {
    const [reader, far] = pipeFor("out");
    const chunks = wanted(
      heldUntil(reader, { started: start.started, hasStarted }, (text) => {
        if (name === "stderr") said = text;
      }),
      signal,
    );
    const passed = onOutput === undefined ? passOn(chunks, name) : tell(chunks, name, onOutput);
    // Why is for `drained` to say.
    passed.catch(() => broken.abort());
    return { far, passed };
  });
  return {
    broken: broken.signal,
    stdio: [
      source,
      ...Array<"inherit">(2 - outputs.length).fill("inherit"),
      ...outputs.map(({ far }) => far),
    ],
    connected() {
      start.watch();
      for (const fd of theirs.splice(0)) closeSync(fd);
    },
    async drained() {
      input?.stop();
      const started = start.end();
      await Promise.all(outputs.map(({ passed }) => passed));
      return started ? { started } : { started, said };
    },
    [Symbol.dispose]() {
      input?.stop();
      start.end();
      for (const fd of theirs.splice(0)) closeSync(fd);
      for (const socket of ours) socket.destroy();
    },
  };
}

/** What comes once all is killed is no command's, but unshare's own, who wonders at that. */
async function* wanted(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) if (!signal?.aborted) yield chunk;
}

const pause = 10;

/** Looks again and again, as nobody tells of it. */
function watchStart(hasStarted: () => boolean): {
  readonly started: Promise<boolean>;
  watch(): void;
  /** The last look. */
  end(): boolean;
} {
  let settle: (started: boolean) => void = () => {};
  const started = new Promise<boolean>((resolve) => {
    settle = resolve;
  });
  let timer: NodeJS.Timeout | undefined;
  function look(): void {
    if (!hasStarted()) return;
    clearInterval(timer);
    settle(true);
  }
  return {
    started,
    watch() {
      timer = setInterval(look, pause);
    },
    end() {
      clearInterval(timer);
      const last = hasStarted();
      settle(last);
      return last;
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
  reader: AsyncIterable<Uint8Array>,
  name: "stdout" | "stderr",
  onOutput: NonNullable<RunCommandOptions["onOutput"]>,
): Promise<void> {
  for await (const chunk of reader) onOutput(name, chunk);
}

async function passOn(reader: AsyncIterable<Uint8Array>, name: "stdout" | "stderr"): Promise<void> {
  const output = process[name];
  // Each write tells of its own error; the event would end this process.
  const ignore = (): void => {};
  output.on("error", ignore);
  try {
    for await (const chunk of reader) await write(output, chunk);
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
