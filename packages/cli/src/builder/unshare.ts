import { inUserNamespace, runInForeground, runInUserNamespace } from "@drayage/run";
import type { DrayContext } from "../context.ts";
import type { UnshareFlags } from "./manage.command.ts";
import { said } from "./said.ts";

/** `buildah unshare`. The exit code is the command's. */
export async function unshare(this: DrayContext, flags: UnshareFlags, ...words: string[]): Promise<void> {
  const shell = this.env.SHELL;
  const argv = words.length > 0 ? words : shell ? [shell] : [];
  if (argv.length === 0) throw said("no command specified");
  const env = { ...this.env, BUILDAH_ISOLATION: this.env.BUILDAH_ISOLATION ?? "rootless" };
  // Without the signal, which would kill it: what we get it gets, too, and does with it what it will.
  const { exitCode } = inUserNamespace(this.env)
    ? await withMounts(this, flags, (places) => runInForeground(argv, { env: { ...env, ...places } }))
    : await runInUserNamespace(startedThere(this, flags) ?? argv, { env });
  if (exitCode !== 0) this.process.exitCode = exitCode;
}

/** Mounts are made in the namespace: by this command once more. */
function startedThere({ again }: DrayContext, { mount = [] }: UnshareFlags): readonly string[] | undefined {
  if (mount.length === 0) return undefined;
  if (again === undefined) throw said("--mount needs a process of its own");
  return again;
}

async function withMounts<Result>(
  context: DrayContext,
  flags: UnshareFlags,
  act: (places: Readonly<Record<string, string>>) => Promise<Result>,
): Promise<Result> {
  if (flags.mount === undefined || flags.mount.length === 0) return act({});
  const { mountContainers } = await import("./mount-containers.ts");
  await using mounted = await mountContainers(context, { flags, wanted: flags.mount });
  return await act(mounted.places);
}
