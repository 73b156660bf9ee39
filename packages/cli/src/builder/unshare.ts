import { inUserNamespace, runInUserNamespace } from "@drayage/run";
import type { DrayContext } from "../context.ts";
import type { UnshareFlags } from "./manage.command.ts";
import { said } from "./said.ts";

/** `buildah unshare`. The exit code is the command's. */
export async function unshare(this: DrayContext, _flags: UnshareFlags, ...words: string[]): Promise<void> {
  const shell = this.env.SHELL;
  const argv = words.length > 0 ? words : shell ? [shell] : [];
  if (argv.length === 0) throw said("no command specified");
  if (inUserNamespace(this.env)) throw said("already in a user namespace of container tools");
  const env = { ...this.env, BUILDAH_ISOLATION: this.env.BUILDAH_ISOLATION ?? "rootless" };
  // Without the signal, which would kill it: what we get it gets, too, and does with it what it will.
  const { exitCode } = await runInUserNamespace(argv, { env });
  if (exitCode !== 0) this.process.exitCode = exitCode;
}
