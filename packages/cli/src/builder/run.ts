import type { RunOptions } from "@drayage/builder";
import type { DrayContext } from "../context.ts";
import { warn } from "../source-options.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import { wantsHistory } from "./history.ts";
import { isolationOf } from "./isolation.ts";
import { openContainer } from "./open-container.ts";
import type { RunFlags } from "./run.command.ts";
import { said } from "./said.ts";

/** `buildah run`. The exit code is the command's. */
export async function run(this: DrayContext, flags: RunFlags, ...words: string[]): Promise<void> {
  const [name, ...rest] = words;
  if (name === undefined) throw said("container ID must be specified");
  const command = rest[0] === "--" ? rest.slice(1) : rest;
  if (command.length === 0) throw said("command must be specified", "CONTAINER COMMAND [ARGUMENT...]");
  const options = runOptions(this, flags);
  await using store = await openLocalStore(this, flags);
  const container = await openContainer(this, store, { name });
  const { exitCode } = await container.run(command, options);
  if (exitCode === 0) return;
  this.process.exitCode = exitCode;
  this.process.stderr.write(`Error: exit status ${exitCode}\n`);
}

function runOptions(context: DrayContext, flags: RunFlags): RunOptions {
  if (flags.isolation !== undefined && flags.isolation.toLowerCase() === "chroot") {
    if (flags.network !== undefined && !["", "host"].includes(flags.network)) {
      throw said(`cannot set --network other than host with --isolation ${flags.isolation}`);
    }
  }
  return {
    signal: context.signal,
    isolation: isolationOf(context, flags.isolation),
    runtime: flags.runtime,
    runtimeFlags: flags.runtimeFlag?.map((flag) => `--${flag}`),
    env: flags.env,
    user: flags.user,
    workingDir: flags.workingdir,
    hostname: flags.hostname,
    network: networkOf(flags.network),
    namespaces: namespacesOf(flags),
    volumes: flags.volume,
    mounts: flags.mount,
    secrets: flags.secret,
    contextDir: flags.contextdir,
    noHosts: flags.noHosts,
    hooksDirs: flags.hooksDir,
    noPivot: flags.noPivot === true || Boolean(context.env.BUILDAH_NOPIVOT),
    capAdd: flags.capAdd,
    capDrop: flags.capDrop,
    terminal: flags.terminal,
    addHistory: wantsHistory(context, flags),
    stdin: "inherit",
    onWarning: (sentence) => warn(context, sentence),
  };
}

function networkOf(text: string | undefined): RunOptions["network"] {
  switch (text) {
    case undefined:
    case "":
      return undefined;
    case "none":
    case "host":
    case "private":
      return text;
    case "container":
      return "private";
    default:
      throw said(`--network: choose private, none or host, not ${JSON.stringify(text)}`);
  }
}

/** The machine's, or the container's own: those of others are not joined, and processes are always in one of their own. */
function namespacesOf({ cgroupns, ipc, pid, uts }: RunFlags): RunOptions["namespaces"] {
  if (choice("pid", pid) === "host") {
    throw said(
      "--pid host: the processes of a command are always in a namespace of their own, so that all of them end with it",
      "private",
    );
  }
  return { cgroup: choice("cgroupns", cgroupns), ipc: choice("ipc", ipc), uts: choice("uts", uts) };
}

function choice(flag: string, text: string | undefined): "private" | "host" | undefined {
  switch (text) {
    case undefined:
      return undefined;
    case "":
    case "private":
    case "container":
      return "private";
    case "host":
      return "host";
    default:
      throw said(
        `--${flag}: joining the namespace ${JSON.stringify(text)} is not supported`,
        "private, host",
      );
  }
}
