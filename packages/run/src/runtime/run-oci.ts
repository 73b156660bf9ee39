import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DrayageError } from "@drayage/errors";
import { openNamespaces } from "../joined-namespaces.ts";
import type { CommandResult } from "../options.ts";
import type { Plan } from "../plan.ts";
import type { Bundle } from "../process/bundle.ts";
import { runContained } from "../process/contained.ts";
import { notExecutable, notLoadable, noWorkingFolder } from "../process/start-errors.ts";
import type { Streams } from "../process/streams.ts";
import { hasCode } from "../root/walk.ts";
import { type ConfigOptions, runtimeConfig } from "./config.ts";
import type { Runtime } from "./find-runtime.ts";

export interface OciOptions extends ConfigOptions {
  readonly runtime: Runtime;
  readonly runtimeFlags: readonly string[];
  readonly noPivot: boolean;
  readonly bundle: Bundle;
  readonly streams: Streams;
  readonly signal?: AbortSignal | undefined;
}

const pidFile = "pid";

/** Whether a runtime has made the container's first process: it writes its number down. */
export function runtimeStarted({ path }: Bundle): () => boolean {
  return () => existsSync(join(path, pidFile));
}

/** Runs the command by an OCI runtime, which is the first process of its namespace and waits for it. */
export async function runOci(plan: Plan, options: OciOptions): Promise<CommandResult> {
  const { bundle, streams, runtime, rootless, network } = options;
  using joined = openNamespaces({ network, namespaces: plan.namespaces }, bundle.path);
  const config = runtimeConfig(plan, options, joined.list);
  writeFileSync(join(bundle.path, "config.json"), encode(config), { mode: 0o600 });
  const log = join(bundle.path, "log.json");
  const argv = [
    runtime.path,
    "--root",
    join(bundle.path, "state"),
    "--log",
    log,
    "--log-format",
    "json",
    ...options.runtimeFlags,
    "run",
    "--bundle",
    bundle.path,
    "--pid-file",
    join(bundle.path, pidFile),
    ...(options.noPivot ? ["--no-pivot"] : []),
    ...(rootless ? ["--no-new-keyring"] : []),
    bundle.id,
  ];
  const result = await runContained(
    argv,
    {
      namespaces: ["--mount-proc"],
      env: process.env,
      cwd: bundle.path,
      stdio: [...streams.stdio, ...joined.list.map(({ fd }) => fd)],
      binds: joined.list.map(({ path }, index) => ({ fd: streams.stdio.length + index, path })),
      signal: options.signal,
    },
    () => streams.connected(),
  );
  const start = await streams.drained();
  if (options.signal?.aborted || (start.started && result.exitCode === 0)) return result;
  const complaint = complaintOf(log);
  if (complaint !== undefined) throw failure(complaint, runtime, plan);
  if (!start.started)
    throw brokenRuntime(firstLine(start.said) ?? `it ended with ${endOf(result)} and said nothing`, runtime);
  return result;
}

const lineLimit = 500;

function firstLine(text: string): string | undefined {
  const line = text.split("\n").find((one) => one.trim() !== "");
  const [, logged] = /\blevel=(?:error|fatal) msg="(.*)"/.exec(line ?? "") ?? [];
  return (logged ?? line)?.trim().slice(0, lineLimit);
}

function endOf({ exitCode, signal }: CommandResult): string {
  return signal ?? `status ${exitCode}`;
}

/** A limit that is without end is larger than a number can tell exactly. */
function encode(config: object): string {
  const text = JSON.stringify(config, (_key, value: unknown) =>
    typeof value === "bigint" ? `#${value}#` : value,
  );
  return text.replaceAll(/"#(\d+)#"/g, "$1");
}

/** What the runtime itself says, rather than the command. */
function complaintOf(log: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(log, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  const messages = text.split("\n").flatMap((line) => {
    try {
      const { level, msg } = JSON.parse(line) as { level?: unknown; msg?: unknown };
      return (level === "error" || level === "fatal") && typeof msg === "string" ? [msg.trim()] : [];
    } catch {
      // A line of it may be none of JSON, as its end is.
      return [];
    }
  });
  return messages.at(-1);
}

function failure(said: string, runtime: Runtime, { args, cwd, hooks }: Plan): DrayageError {
  if (Object.keys(hooks).length > 0 && /\b(?:running|executing) hook\b/.test(said)) return brokenHook(said);
  const tried = { args, cwd, said };
  const [, why] = /(?:mkdir \/[^:]*|chdir to cwd .*failed): ([a-z -]+)$/i.exec(said) ?? [];
  if (why !== undefined) return noWorkingFolder(tried, why);
  if (/exec.*no such file or directory|executable file.*not found/i.test(said)) return notLoadable(tried);
  if (/exec format error|exec.*permission denied/i.test(said)) return notExecutable(tried);
  return brokenRuntime(said, runtime);
}

function brokenHook(said: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_RUNTIME", `a hook of the container failed: ${said}`, {
    hint: "look at the hooks in the folders that are named, or in the machine's",
  });
}

function brokenRuntime(said: string, { path }: Runtime): DrayageError {
  return new DrayageError("ERR_DRAYAGE_RUNTIME", `${path} cannot run the command: ${said}`, {
    hint: "try another runtime by --runtime, or run without one by --isolation chroot",
  });
}
