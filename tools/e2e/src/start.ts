import { type ChildProcess, spawn } from "node:child_process";
import { drayBinary } from "./dray.ts";

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A `dray` on its way. */
export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once standard error has said `text`, or the process has ended. */
  said(text: string): Promise<void>;
}

export interface StartOptions {
  /** For Node. */
  readonly nodeArgs?: readonly string[] | undefined;
  /** Variables to set beside those of this process; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Starts the command without waiting for its end: for what happens to it meanwhile. */
export function startDray(args: readonly string[], { nodeArgs = [], env }: StartOptions = {}): Started {
  return startProgram(process.execPath, [...nodeArgs, drayBinary, ...args], { env });
}

/** The same with another program. */
export function startProgram(
  program: string,
  args: readonly string[],
  { env }: Pick<StartOptions, "env"> = {},
): Started {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk: Uint8Array) => {
    stderr += Buffer.from(chunk).toString();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stderr }));
  });
  const said = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (stderr.includes(text)) resolve();
      };
      look();
      child.stderr.on("data", look);
      child.on("close", () => resolve());
    });
  return { child, ended, said };
}
