import type { RunOptions } from "@drayage/builder";
import type { DrayContext } from "../context.ts";
import { warn } from "../source-options.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import { wantsHistory } from "./history.ts";
import { isolationOf } from "./isolation.ts";
import { namespacesOf, networkOf } from "./namespaces.ts";
import { openContainer } from "./open-container.ts";
import type { RunFlags } from "./run.command.ts";
import { said } from "./said.ts";

/** `buildah run`. The exit code is the command's. */
export async function run(this: DrayContext, flags: RunFlags, ...words: string[]): Promise<void> {
  const [name, ...rest] = words;
  if (name === undefined) throw said("container ID must be specified");
  const command = rest[0] === "--" ? rest.slice(1) : rest;
  if (command.length === 0) throw said("command must be specified", "CONTAINER COMMAND [ARGUMENT...]");
  const options = await runOptions(this, flags);
  await using store = await openLocalStore(this, flags);
  const container = await openContainer(this, store, { name });
  const { exitCode } = await container.run(command, options);
  if (exitCode === 0) return;
  this.process.exitCode = exitCode;
  this.process.stderr.write(`Error: exit status ${exitCode}\n`);
}

async function runOptions(context: DrayContext, flags: RunFlags): Promise<RunOptions> {
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
    network: await networkOf(flags.network),
    namespaces: await namespacesOf(flags),
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
