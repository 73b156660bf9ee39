import type { DrayContext } from "../context.ts";

/** Whether the history is to tell of a change: as the flag says, or BUILDAH_HISTORY. */
export function wantsHistory(
  { env }: Pick<DrayContext, "env">,
  { addHistory }: { readonly addHistory?: boolean | undefined },
): boolean {
  return addHistory ?? /^(true|1)$/i.test(env.BUILDAH_HISTORY ?? "");
}
