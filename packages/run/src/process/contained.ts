import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { Duplex } from "node:stream";
import { DrayageError } from "@drayage/errors";
import type { CommandResult } from "../options.ts";
import { requireProgram } from "../programs.ts";
import { commandResult, userNamespaceFlags } from "../user-namespace.ts";

export interface ContainedOptions {
  /** Beside those for mounts and processes: `--net`. */
  readonly namespaces: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdio: readonly ("inherit" | "ignore" | number)[];
  /** What is bound on files before the program starts, each by its descriptor there and the path of the file. */
  readonly binds?: readonly Bind[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Bind {
  /** Its index in `stdio`. */
  readonly fd: number;
  readonly path: string;
}

/**
 * Runs a program as the first process of namespaces of its own for processes and mounts, in a user namespace where we are not root. All that it
 * starts ends with it, when it is aborted, and when this process dies, however that may be: the kernel kills what is left in a namespace whose
 * first process has died, and that one dies with its parent.
 *
 * @param started is called once it runs
 */
export async function runContained(
  argv: readonly string[],
  options: ContainedOptions,
  started: (child: ChildProcess) => void,
): Promise<CommandResult> {
  const { env, cwd, stdio, binds = [] } = options;
  const bound = binds.reduceRight(withBind, argv);
  const [command = "", ...args] = containedCommand(whileWeLive(bound, stdio.length), options.namespaces);
  const child = spawn(command, args, { env, cwd, stdio: [...stdio, "pipe"] });
  const lifeline = child.stdio[stdio.length];
  if (lifeline instanceof Duplex) answer(lifeline);
  const abort = (): void => killContained(child);
  options.signal?.addEventListener("abort", abort, { once: true });
  try {
    const ended = new Promise<CommandResult>((resolve, reject) => {
      child.on("error", (cause) =>
        reject(
          new DrayageError("ERR_DRAYAGE_RUNTIME", `cannot start ${command}: ${cause.message}`, { cause }),
        ),
      );
      child.on("exit", (code, signal) => resolve(commandResult(code, signal)));
    });
    started(child);
    if (options.signal?.aborted) abort();
    return await ended;
  } finally {
    lifeline?.destroy();
    options.signal?.removeEventListener("abort", abort);
  }
}

/** Who asks whether we live, and is gone then, is not to be told. */
function answer(lifeline: Duplex): void {
  lifeline.on("error", () => {});
  lifeline.once("data", () => void lifeline.write("\n"));
}

/**
 * Nothing is started for a process that has died before the kernel was asked to tell of its death: at the other end of the descriptor nobody
 * answers then. That it can be written to is not enough, as another thread of a process that dies may have it open for longer than its first
 * lives, whose death the kernel tells.
 */
function whileWeLive(argv: readonly string[], fd: number): readonly string[] {
  return [
    "/bin/sh",
    "-c",
    `printf . >&${fd} 2>/dev/null && read -r _ <&${fd} || exit 1; exec "$@" ${fd}>&-`,
    "sh",
    ...argv,
  ];
}

/** The file of a descriptor need have no path here: where it comes from, other processes are seen. */
function withBind(argv: readonly string[], { fd, path }: Bind): readonly string[] {
  const script = `"$1" --no-canonicalize --bind /proc/self/fd/${fd} "$2" || exit; shift 2; exec "$@" ${fd}>&-`;
  return ["/bin/sh", "-c", script, "sh", requireProgram("mount"), path, ...argv];
}

function containedCommand(argv: readonly string[], namespaces: readonly string[]): readonly string[] {
  const unshare = requireProgram("unshare");
  // A new user namespace clears the signal of a parent's death, so it comes first.
  const user = process.geteuid?.() === 0 ? [] : [unshare, ...userNamespaceFlags(), "--"];
  return [
    ...user,
    requireProgram("setpriv"),
    "--pdeathsig=KILL",
    "--",
    unshare,
    "--mount",
    "--pid",
    "--fork",
    "--kill-child=KILL",
    ...namespaces,
    "--",
    ...argv,
  ];
}

/**
 * Kills the first process of the namespace rather than its parent, who waits until the kernel has killed all others, too: then nothing of it is
 * left when the child has exited.
 */
function killContained(child: ChildProcess): void {
  const first = child.pid === undefined ? undefined : onlyChild(child.pid);
  if (first === undefined) {
    child.kill("SIGKILL");
    return;
  }
  try {
    process.kill(first, "SIGKILL");
  } catch {
    // It has just ended by itself.
    child.kill("SIGKILL");
  }
}

function onlyChild(pid: number): number | undefined {
  try {
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    return first ? Number(first) : undefined;
  } catch {
    return undefined;
  }
}
