import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants, userInfo } from "node:os";
import { abortError, DrayageError, throwIfAborted } from "@drayage/errors";
import type { CommandResult } from "./options.ts";
import { findProgram, requireProgram } from "./programs.ts";

/** What containers' tools set for what they start in a user namespace. */
const marker = "_CONTAINERS_USERNS_CONFIGURED";

export interface UserNamespaceOptions {
  /** The environment to be; that of this process where absent. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is to be started, with `spawn(command, args, { env })`. */
export interface UserNamespaceCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Whether this process is in a user namespace that one of containers' tools, or {@link userNamespaceCommand}, has made: it is root there,
 * and may mount.
 */
export function inUserNamespace(env: NodeJS.ProcessEnv = process.env): boolean {
  return env[marker] !== undefined && env[marker] !== "";
}

/**
 * The command that runs `argv` as root of a new user namespace and mount namespace, as `buildah unshare` and `podman unshare` do. Users and
 * groups that `/etc/subuid` and `/etc/subgid` give to us are there, too, where newuidmap and newgidmap are installed; else root alone.
 * The command gets `_CONTAINERS_USERNS_CONFIGURED`, `_CONTAINERS_ROOTLESS_UID` and `_CONTAINERS_ROOTLESS_GID`, and dies with us.
 *
 * @throws `ERR_DRAYAGE_RUNTIME` where util-linux is not installed, `ERR_DRAYAGE_SYSTEM_UNSUPPORTED` where this is not Linux
 */
export function userNamespaceCommand(
  argv: readonly string[],
  options: UserNamespaceOptions = {},
): UserNamespaceCommand {
  return {
    command: requireProgram("unshare"),
    args: [
      ...userNamespaceFlags(),
      "--mount",
      // What the machine mounts later is seen; what is mounted here is not.
      "--propagation=slave",
      "--",
      requireProgram("setpriv"),
      "--pdeathsig=KILL",
      "--",
      ...argv,
    ],
    env: {
      ...(options.env ?? process.env),
      [marker]: "done",
      _CONTAINERS_ROOTLESS_UID: String(process.getuid?.() ?? 0),
      _CONTAINERS_ROOTLESS_GID: String(process.getgid?.() ?? 0),
    },
  };
}

/** Runs the command in a new user namespace, as {@link runInForeground} does. */
export function runInUserNamespace(
  argv: readonly string[],
  options: UserNamespaceOptions = {},
): Promise<CommandResult> {
  const { command, args, env } = userNamespaceCommand(argv, options);
  return runInForeground([command, ...args], { ...options, env });
}

/** Runs a program of the machine with our input and outputs to its end; what the terminal sends to us it gets, too. */
export async function runInForeground(
  [command = "", ...args]: readonly string[],
  options: UserNamespaceOptions = {},
): Promise<CommandResult> {
  throwIfAborted(options.signal, "unshare");
  const child = spawn(command, args, { env: options.env, stdio: "inherit" });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  const forwarded = ["SIGHUP", "SIGINT", "SIGTERM"] as const;
  for (const signal of forwarded) process.on(signal, forward);
  const abort = (): void => void child.kill("SIGKILL");
  options.signal?.addEventListener("abort", abort, { once: true });
  try {
    const result = await new Promise<CommandResult>((resolve, reject) => {
      child.on("error", (cause) =>
        reject(
          new DrayageError("ERR_DRAYAGE_RUNTIME", `cannot start ${command}: ${cause.message}`, { cause }),
        ),
      );
      child.on("close", (code, signal) => resolve(commandResult(code, signal)));
    });
    if (options.signal?.aborted) throw abortError(options.signal.reason, "unshare");
    return result;
  } finally {
    for (const signal of forwarded) process.off(signal, forward);
    options.signal?.removeEventListener("abort", abort);
  }
}

/** As shells count: 128 and the signal's number where one ended it. */
export function commandResult(code: number | null, signal: NodeJS.Signals | null): CommandResult {
  if (signal !== null) return { exitCode: 128 + constants.signals[signal], signal };
  return { exitCode: code ?? 1 };
}

/** The flags of unshare for a user namespace where we are root, with all users that we may have. */
export function userNamespaceFlags(): readonly string[] {
  const more = hasSubordinates() ? ["--map-auto"] : [];
  return ["--user", "--map-root-user", ...more];
}

function hasSubordinates(): boolean {
  if (findProgram("newuidmap") === undefined || findProgram("newgidmap") === undefined) return false;
  return listed("/etc/subuid") && listed("/etc/subgid");
}

/** Whether the file has a line `name:first:count` for us, by name or number. */
function listed(file: string): boolean {
  const owners = new Set([String(process.getuid?.()), ownName()]);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    // Without it there are none.
    return false;
  }
  return text.split("\n").some((line) => {
    const [owner = "", , count] = line.split(":");
    return owners.has(owner) && Number(count) > 0;
  });
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    // The user has no name.
    return "";
  }
}
