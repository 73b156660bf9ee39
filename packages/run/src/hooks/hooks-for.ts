import type { Isolation, RunCommandOptions } from "../options.ts";
import type { HooksByStage } from "./hook.ts";

interface HookedCommand {
  /** Its path in the container. */
  readonly command: string;
  readonly isolation: Isolation;
}

/** What a runtime is to call for a command. Where there is no runtime, `onWarning` is told. */
export async function hooksFor(
  { hooks, onWarning }: RunCommandOptions,
  { command, isolation }: HookedCommand,
): Promise<HooksByStage> {
  if (hooks === undefined) return {};
  const { byStage, findHooks } = await import("./find-hooks.ts");
  const found = findHooks({ ...hooks, command, onWarning });
  if (isolation !== "chroot") return byStage(found);
  for (const { file } of found)
    onWarning?.(`the hook ${JSON.stringify(file)} is not called: the isolation chroot calls none`);
  return {};
}
