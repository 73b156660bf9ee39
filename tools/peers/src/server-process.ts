import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { findProgram } from "./programs.ts";

export interface ServerProcessOptions<T> {
  /** In messages. */
  readonly name: string;
  readonly binary: string;
  readonly args: readonly string[];
  /** All of its environment: nothing of this process's leaks in. */
  readonly env: Readonly<Record<string, string>>;
  /** Looks at each line that the server writes: what is no longer undefined says that it listens. */
  readonly ready: (line: string) => T | undefined;
  /** Called once it is gone, however it came to that: removes what it leaves behind. */
  readonly cleanUp: () => void;
}

/** A server that runs, and ends at the latest with this process. */
export interface ServerProcess<T> {
  readonly name: string;
  readonly pid: number;
  /** What `ready` found. */
  readonly ready: T;
  /** The last 256 KiB of what it wrote. */
  log(): string;
  /** Ends it, `SIGKILL` where no signal is named, and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const logLength = 256 * 1024;
const patience = 60_000;

/** Every server of this process that was started and not forgotten, the stopped ones too. */
const servers = new Set<ServerProcess<unknown>>();
const running = new Map<ChildProcess, () => void>();

process.on("exit", () => {
  for (const [child, cleanUp] of running) {
    child.kill("SIGKILL");
    cleanUp();
  }
});

/** Starts a server and waits until it listens. Throws, with what it wrote, where it ends before that. */
export async function startServerProcess<T>(options: ServerProcessOptions<T>): Promise<ServerProcess<T>> {
  const { name, binary, args, env, ready, cleanUp } = options;
  // A process that is killed runs no handlers; where there is setpriv, the kernel ends the server with it.
  const setpriv = findProgram("setpriv");
  const [program, ...rest] =
    setpriv === undefined
      ? ([binary, ...args] as const)
      : ([setpriv, "--pdeathsig", "KILL", binary, ...args] as const);
  const child = spawn(program, rest, { env, cwd: "/", stdio: ["ignore", "pipe", "pipe"] });
  running.set(child, cleanUp);
  const closed = new Promise<void>((resolve, reject) => {
    child.on("close", () => {
      running.delete(child);
      try {
        cleanUp();
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  });

  let text = "";
  const found = await new Promise<T>((resolve, reject) => {
    const fail = (what: string): void => reject(new Error(`${name} ${what}. It wrote:\n${text}`));
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(`did not listen within ${patience / 1000} seconds`);
    }, patience);
    for (const stream of [child.stdout, child.stderr]) {
      let line = "";
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        text = (text + chunk).slice(-logLength);
        const lines = (line + chunk).split("\n");
        line = lines.pop() ?? "";
        for (const each of lines) {
          const value = ready(each);
          if (value === undefined) continue;
          clearTimeout(timer);
          resolve(value);
        }
      });
    }
    child.on("error", (error) => {
      clearTimeout(timer);
      fail(`cannot be started: ${error.message}`);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      fail(`ended with ${signal ?? `exit code ${code}`}`);
    });
  });

  const server: ServerProcess<T> = {
    name,
    pid: child.pid ?? 0,
    ready: found,
    log: () => text,
    async stop(signal = "SIGKILL") {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await closed;
    },
  };
  servers.add(server);
  return server;
}

/** What the servers of this process have written, those too that were stopped since `forgetStoppedServers`. */
export function serverLogs(): readonly { readonly name: string; readonly log: string }[] {
  return [...servers].map((server) => ({ name: server.name, log: server.log() }));
}

export function forgetStoppedServers(): void {
  const pids = new Set([...running.keys()].map(({ pid }) => pid));
  for (const server of servers) if (!pids.has(server.pid)) servers.delete(server);
}

/** Ends all that still run. */
export async function stopServers(): Promise<void> {
  const left = [...running.keys()];
  const ends = left.map((child) => once(child, "close"));
  for (const child of left) child.kill("SIGKILL");
  await Promise.all(ends);
}
