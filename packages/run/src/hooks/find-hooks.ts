import { existsSync } from "node:fs";
import type { HooksOptions } from "../options.ts";
import { isMapped } from "../process/id-map.ts";
import { inUserNamespace } from "../user-namespace.ts";
import { applies, type HookedContainer } from "./applies.ts";
import type { Hook, HookStage, HooksByStage } from "./hook.ts";
import { type NamedHook, readHooks } from "./read-hooks.ts";

/** Where administrators and packages put hooks (containers/common). */
const usualFolders: readonly string[] = ["/usr/share/containers/oci/hooks.d", "/etc/containers/oci/hooks.d"];

export interface FindHooksOptions extends HooksOptions {
  /** The program's path in the container. */
  readonly command: string;
  readonly onWarning?: ((sentence: string) => void) | undefined;
}

/**
 * The hooks for a container, as buildah 1.28 finds them. Each of the usual folders is looked at for itself, so that a file hides none of the
 * other; who is not root has none of them.
 *
 * @throws `ERR_DRAYAGE_CONFIGURATION_INVALID`, `ERR_DRAYAGE_LIMIT_EXCEEDED` and `ERR_DRAYAGE_IO`
 */
export function findHooks({ folders = [], onWarning, ...options }: FindHooksOptions): readonly NamedHook[] {
  for (const folder of folders) {
    if (!existsSync(folder)) onWarning?.(`there is no folder ${JSON.stringify(folder)} of hooks`);
  }
  const container: HookedContainer = {
    command: options.command,
    annotations: options.annotations ?? {},
    hasBindMounts: options.hasBindMounts ?? false,
  };
  const groups = folders.length > 0 ? [folders] : isRootless() ? [] : usualFolders.map((one) => [one]);
  return groups
    .flatMap((group) => readHooks(group, onWarning))
    .filter(({ when }) => applies(when, container));
}

function isRootless(): boolean {
  return process.geteuid?.() !== 0 || inUserNamespace() || isMapped();
}

export function byStage(hooks: readonly NamedHook[]): HooksByStage {
  const called = new Map<HookStage, Hook[]>();
  for (const { hook, stages } of hooks) {
    for (const stage of stages) called.set(stage, [...(called.get(stage) ?? []), hook]);
  }
  return Object.fromEntries(called);
}
