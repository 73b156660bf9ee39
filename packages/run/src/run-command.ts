import { closeSync, realpathSync } from "node:fs";
import { posix } from "node:path";
import { abortError, DrayageError, ioError, throwIfAborted } from "@drayage/errors";
import { missingOwner, requireSys, type Sys } from "@drayage/sys";
import { capabilitiesOf } from "./capabilities.ts";
import { helperStarted, runChroot } from "./chroot/run-chroot.ts";
import { commandPath } from "./command-path.ts";
import { fileMounts } from "./files/file-mounts.ts";
import { hooksFor } from "./hooks/hooks-for.ts";
import { lockMounts } from "./mounts/lock.ts";
import { prepareMounts } from "./mounts/prepare.ts";
import { missingPaths, removeStubs } from "./mounts/stubs.ts";
import { isOwn, namespacesFor } from "./namespaces.ts";
import { connectingHook, findSlirp } from "./network/private-network.ts";
import { notApplied } from "./not-applied.ts";
import type { CommandResult, Isolation, Network, RunCommandOptions } from "./options.ts";
import type { Plan } from "./plan.ts";
import { type Bundle, createBundle } from "./process/bundle.ts";
import { isMapped } from "./process/id-map.ts";
import { openStreams } from "./process/streams.ts";
import { keepTerminal, onTerminal } from "./process/terminal.ts";
import { isFolderOrNothing, openRoot, readText, walk } from "./root/walk.ts";
import { findRuntime, hasRuntime } from "./runtime/find-runtime.ts";
import { runOci, runtimeStarted } from "./runtime/run-oci.ts";
import { seccompFilter } from "./runtime/seccomp.ts";
import { ulimitsOf } from "./ulimits.ts";
import { findUser, type ProcessUser } from "./user/find-user.ts";

/**
 * Runs a command in a root file system, and ends when it has ended. Then nothing of it is left: no process, mount, control group or file, except
 * for what it did in the root file system, where folders and files that were missing to mount on stay as buildah leaves them.
 *
 * @throws `ERR_DRAYAGE_COMMAND_NOT_FOUND` (shells' 127), `ERR_DRAYAGE_COMMAND_NOT_EXECUTABLE` (126), `ERR_DRAYAGE_OWNER_NOT_FOUND` for a
 * user or group, `ERR_DRAYAGE_RUNTIME` where there is no runtime or it fails, `ERR_DRAYAGE_USAGE`, `ERR_DRAYAGE_SYSTEM_UNSUPPORTED`,
 * `ERR_DRAYAGE_IO`, and `ERR_DRAYAGE_ABORTED` once all is killed
 */
export async function runCommand(options: RunCommandOptions): Promise<CommandResult> {
  const { signal } = options;
  throwIfAborted(signal, "run");
  const sys = requireSys("run a command in a container");
  const rootfs = realRoot(options.rootfs);
  const root = openRoot(rootfs);
  try {
    refuseLinks(sys, root);
    const isolation = isolationOf(options);
    const { network, namespaces } = namespacesFor(options, isolation);
    const user = userOf(sys, root, options.user ?? "");
    refuseMissing(user);
    const cwd = posix.resolve("/", options.cwd || "/");
    // The machine's, or that of others, is not to be set.
    const hostname = isOwn(namespaces.uts) ? (options.hostname ?? "") : "";
    const env = environment(options.env ?? [], { hostname, home: user.home });
    const args = commandOf(sys, root, options, { cwd, env });
    const hooks = await hooksFor(options, { command: args[0] ?? "", isolation });
    walkTo(sys, root, cwd, user);
    const slirp = network === "private" ? findSlirp() : undefined;
    if (network === "private" && slirp === undefined) options.onWarning?.(loopbackAlone);
    const { cgroupParent } = options;
    if (cgroupParent) checkCgroup(cgroupParent);
    for (const sentence of notApplied(options, isolation)) options.onWarning?.(sentence);
    await using bundle = await createBundle(sys, { cgroupParent });
    await using _locks = await lockMounts(options.mounts ?? [], signal);
    const transient = transientPaths(sys, root, options);
    const terminal = terminalOf(options);
    const plan: Plan = {
      rootfs,
      args,
      env,
      cwd,
      user,
      hostname,
      capabilities: capabilitiesOf(options.capabilities),
      ulimits: ulimitsOf(options.ulimits),
      mounts: [
        ...(await prepareMounts(options.mounts ?? [], { bundle, user, signal })),
        ...fileMounts(options, { bundle, hostname, network, slirp }),
      ],
      shmSize: options.shmSize || "65536k",
      devices: options.devices ?? [],
      namespaces,
      hooks,
      terminal,
      readonly: options.readonly ?? false,
    };
    try {
      return await start(plan, { ...options, isolation, network, slirp, sys, bundle });
    } finally {
      removeStubs(sys, root, transient);
    }
  } finally {
    closeSync(root);
  }
}

/** What the container has of the kernel rather than of its root file system. */
const kernelFolders = ["dev", "proc", "sys"] as const;

/** Runtimes of some ages would follow these out of the container, and write there. */
function refuseLinks(sys: Sys, root: number): void {
  for (const name of kernelFolders) {
    if (isFolderOrNothing(sys, root, name)) continue;
    throw new DrayageError(
      "ERR_DRAYAGE_RUNTIME",
      `the container's /${name} is no folder, so nothing can be mounted there`,
      {
        hint: `remove /${name} from the image, or make it a folder`,
      },
    );
  }
}

/** Output that we are to hand on goes through no terminal. */
function terminalOf({ terminal, onOutput }: RunCommandOptions): boolean {
  const possible = onTerminal() && onOutput === undefined;
  if (terminal !== true || possible) return terminal ?? possible;
  throw new DrayageError(
    "ERR_DRAYAGE_USAGE",
    "the command is to have a terminal, and our input and outputs are none",
    {
      hint: "run it in a terminal, or leave the terminal out",
    },
  );
}

const loopbackAlone =
  "the private network has a loopback device alone, as slirp4netns is not installed, which would connect it";

interface StartOptions extends RunCommandOptions {
  readonly isolation: Isolation;
  readonly network: Network;
  readonly slirp: string | undefined;
  readonly sys: Sys;
  readonly bundle: Bundle;
}

async function start(plan: Plan, options: StartOptions): Promise<CommandResult> {
  const { isolation, network, slirp, sys, bundle, signal, stdin, onOutput } = options;
  using _terminal = plan.terminal ? keepTerminal() : undefined;
  const isChroot = isolation === "chroot";
  using streams = openStreams(sys, {
    terminal: plan.terminal ? (isChroot ? "whole" : "but-errors") : undefined,
    hasStarted: isChroot ? helperStarted(bundle) : runtimeStarted(bundle),
    stdin,
    onOutput,
    owner: plan.user,
    signal,
  });
  throwIfAborted(signal, "run");
  const ending = AbortSignal.any([streams.broken, ...(signal === undefined ? [] : [signal])]);
  const result = isChroot
    ? await runChroot(plan, { sys, bundle, streams, signal: ending, noNetwork: network === "none" })
    : await runOci(plan, {
        runtime: findRuntime(options.runtime),
        runtimeFlags: options.runtimeFlags ?? [],
        noPivot: options.noPivot ?? false,
        rootless: isolation === "rootless",
        network,
        hook: slirp === undefined ? undefined : connectingHook(slirp, bundle),
        seccomp: seccompFilter(options.seccomp, plan.capabilities),
        apparmor: options.apparmor,
        resources: options.resources,
        cgroup: options.cgroupParent && posix.join(options.cgroupParent, bundle.id),
        bundle,
        streams,
        signal: ending,
      });
  if (signal?.aborted) throw abortError(signal.reason, "run");
  return result;
}

function checkCgroup(parent: string): void {
  if (!parent.split("/").includes("..") && !/[\0\n]/.test(parent)) return;
  throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(parent)} is no control group`, {
    hint: "write a path without .., such as /builds",
  });
}

function realRoot(rootfs: string): string {
  try {
    return realpathSync(rootfs);
  } catch (error) {
    throw ioError(error, "run in", { path: rootfs });
  }
}

function isolationOf({ isolation, runtime }: RunCommandOptions): Isolation {
  const rootless = process.geteuid?.() !== 0 || isMapped();
  // A runtime that is not root's needs a user namespace to be told of.
  if (isolation === "oci" && rootless) return "rootless";
  if (isolation !== undefined) return isolation;
  if (!hasRuntime(runtime)) return "chroot";
  return rootless ? "rootless" : "oci";
}

function userOf(sys: Sys, root: number, text: string): ProcessUser {
  const [passwd = "", group = ""] = ["/etc/passwd", "/etc/group"].map((file) => {
    try {
      return readText(sys, root, file);
    } catch (error) {
      throw ioError(error, "read the container's", { path: file });
    }
  });
  return findUser(text, { passwd, group });
}

/** Who is not root yet will be root alone of a namespace to be made, which is for that to say. */
function refuseMissing(user: ProcessUser): void {
  const missing = process.geteuid?.() === 0 ? missingOwner(user) : undefined;
  if (missing !== undefined) throw missing;
}

/** Of doubled names the last counts, at the first's place. */
function environment(
  entries: readonly string[],
  { hostname, home }: { hostname: string; home: string },
): readonly string[] {
  const values = new Map<string, string>();
  for (const entry of entries) {
    const at = entry.indexOf("=");
    if (at > 0) values.set(entry.slice(0, at), entry);
  }
  if (!values.has("HOSTNAME")) values.set("HOSTNAME", `HOSTNAME=${hostname}`);
  if (!values.has("HOME")) values.set("HOME", `HOME=${home}`);
  return [...values.values()];
}

function commandOf(
  sys: Sys,
  root: number,
  options: RunCommandOptions,
  { cwd, env }: { readonly cwd: string; readonly env: readonly string[] },
): readonly string[] {
  const [name, ...args] = options.command;
  if (name === undefined || name === "") {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "there is no command to run", {
      hint: "name a program of the container",
    });
  }
  if (options.command.concat(env).some((text) => text.includes("\0"))) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "the command or its environment has a zero character", {
      hint: "leave it out",
    });
  }
  const hidden = [
    ...kernelFolders.map((name) => `/${name}`),
    ...(options.mounts ?? []).map(({ destination }) => destination),
  ];
  return [commandPath(name, { sys, root, cwd, env, hidden }), ...args];
}

function walkTo(sys: Sys, root: number, cwd: string, user: ProcessUser): void {
  try {
    const except = kernelFolders;
    closeSync(walk(sys, root, cwd, { kind: "folder", owner: ownable(user), except }));
  } catch (error) {
    throw ioError(error, "make the container's working folder", { path: cwd });
  }
}

/** Who is not root gives nothing away. */
function ownable(user: ProcessUser): ProcessUser | undefined {
  return process.geteuid?.() === 0 ? user : undefined;
}

/** What is mounted on and does not stay: secrets, and files that are ours. Those of `/etc` stay, as buildah leaves them. */
function transientPaths(
  sys: Sys,
  root: number,
  { mounts = [], files }: RunCommandOptions,
): readonly string[] {
  const paths = [
    ...mounts
      .filter(({ type, transient }) => type === "secret" || transient === true)
      .map(({ destination }) => destination),
    ...(files?.keys() ?? []),
  ];
  const kept = /^\/(etc|dev|sys|proc)(\/|$)/;
  return missingPaths(
    sys,
    root,
    paths.filter((path) => mounts.some(({ destination }) => destination === path) || !kept.test(path)),
  );
}
