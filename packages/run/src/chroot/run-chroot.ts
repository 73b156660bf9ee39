/// <reference path="../code.d.ts" />
import { closeSync, existsSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DrayageError } from "@drayage/errors";
import { type Sys, sysBase } from "@drayage/sys";
import { capabilityNames } from "../capability-names.ts";
import { inOrder } from "../mounts/spec.ts";
import type { CommandResult } from "../options.ts";
import { maskedPaths, type Plan, readonlyPaths } from "../plan.ts";
import type { Bundle } from "../process/bundle.ts";
import { runContained } from "../process/contained.ts";
import { notExecutable, notLoadable, noWorkingFolder } from "../process/start-errors.ts";
import type { Streams } from "../process/streams.ts";
import { boundDevice } from "../runtime/config.ts";
import { resourceNumbers } from "../ulimits.ts";
import type { HelperFailure, HelperPlan } from "./helper-plan.ts";

export interface ChrootOptions {
  readonly sys: Sys;
  readonly bundle: Bundle;
  readonly streams: Streams;
  /** A network namespace with nothing in it. */
  readonly noNetwork: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The bundled script wants to know where the packages are as a worker would. */
const preamble = `(function (require) {
`;
function epilogue(base: string): string {
  return `
})((name) => name === "node:worker_threads" ? { workerData: { base: ${JSON.stringify(base)} } } : require(name));
`;
}

const planName = "plan.json";

/** Whether the helper runs: it takes its plan away. */
export function helperStarted({ path }: Bundle): () => boolean {
  const isWritten = (): boolean => existsSync(join(path, "helper.cjs"));
  return () => isWritten() && !existsSync(join(path, planName));
}

/** Runs the command by namespaces and another root, without a runtime. */
export async function runChroot(plan: Plan, options: ChrootOptions): Promise<CommandResult> {
  const { bundle, streams, sys, noNetwork, signal } = options;
  const { namespaces } = plan;
  const { default: code } = await import("./helper.ts?code");
  const [script, planPath] = [join(bundle.path, "helper.cjs"), join(bundle.path, planName)];
  const base = sysBase();
  writeFileSync(planPath, JSON.stringify(helperPlan(plan, base)), { mode: 0o600 });
  writeFileSync(script, preamble + code + epilogue(base), { mode: 0o600 });
  const [report, theirs] = sys.pipe();
  const connected = (): void => {
    closeSync(theirs);
    streams.connected();
  };
  try {
    const result = await runContained(
      [process.execPath, script, planPath],
      {
        namespaces: [
          ...(namespaces.uts === "host" ? [] : ["--uts"]),
          ...(namespaces.ipc === "host" ? [] : ["--ipc"]),
          ...(noNetwork ? ["--net"] : []),
        ],
        env: { PATH: process.env.PATH },
        cwd: "/",
        stdio: [...streams.stdio, theirs],
        signal,
      },
      connected,
    );
    const start = await streams.drained();
    if (signal?.aborted) return result;
    const failure = readReport(report) ?? (start.started ? undefined : { message: saidFirst(start.said) });
    if (failure !== undefined) throw errorOf(failure, plan);
    return result;
  } finally {
    closeSync(report);
  }
}

function helperPlan(plan: Plan, base: string): HelperPlan {
  const { user, args, env, rootfs, readonly, hostname, cwd, shmSize } = plan;
  return {
    sysBase: base,
    rootfs,
    readonly,
    hostname: plan.namespaces.uts === "host" ? undefined : hostname,
    shmSize,
    devices: plan.devices.map(boundDevice),
    cwd,
    // As buildah has it, nothing else is mounted where the kernel's own are.
    mounts: inOrder(plan.mounts).filter(({ destination }) => !/^\/(dev|proc|sys)(\/|$)/.test(destination)),
    maskedPaths,
    readonlyPaths,
    execution: {
      path: args[0] ?? "",
      args,
      env,
      uid: user.uid,
      gid: user.gid,
      groups: mayList() ? user.groups : undefined,
      capabilities: plan.capabilities.map((name) => capabilityNames.indexOf(name)),
      limits: plan.ulimits.map(({ type, soft, hard }) => ({
        resource: resourceNumbers[type.slice("RLIMIT_".length).toLowerCase()] ?? -1,
        soft,
        hard,
      })),
    },
  };
}

/** Whether groups can be set: not in a user namespace with one user only. */
function mayList(): boolean {
  return process.geteuid?.() === 0 && readFileSync("/proc/self/setgroups", "utf8").trim() !== "deny";
}

/** Of who was to make the namespaces. */
function saidFirst(text: string): string {
  return text.trim().split("\n")[0] || "no namespaces could be made";
}

const reportLimit = 64 * 1024;

/** All who could write have ended. */
function readReport(fd: number): HelperFailure | undefined {
  const bytes = Buffer.alloc(reportLimit);
  const text = bytes.subarray(0, readSync(fd, bytes)).toString();
  return text.trim() === "" ? undefined : (JSON.parse(text) as HelperFailure);
}

function errorOf({ message, code, syscall }: HelperFailure, { args, cwd }: Plan): DrayageError {
  const tried = { args, cwd, said: message };
  if (syscall === "chdir")
    return noWorkingFolder(tried, code === "EACCES" ? "permission denied" : "it is not there");
  if (syscall === "execve" && code === "ENOENT") return notLoadable(tried);
  if (syscall === "execve" && (code === "EACCES" || code === "ENOEXEC")) return notExecutable(tried);
  return new DrayageError(
    "ERR_DRAYAGE_RUNTIME",
    `cannot run ${JSON.stringify(args[0])} in the container: ${message}`,
    {
      hint: "where namespaces are not allowed, run as root, or set kernel.unprivileged_userns_clone=1",
      cause: new Error(message),
    },
  );
}
