import { sourceDateEpoch, squash } from "@drayage/edit";
import type { DrayContext } from "../context.ts";
import { compressionWish, runEdit, stepOptions } from "../edit/run-edit.ts";
import type { SquashFlags } from "./squash.command.ts";

/** `dray squash` */
export async function squashImage(
  this: DrayContext,
  flags: SquashFlags,
  from: string,
  to?: string,
): Promise<void> {
  const options = {
    ...stepOptions(this, flags),
    compression: compressionWish(flags),
    fromLayer: flags.fromLayer,
    created: flags.created ?? sourceDateEpoch(this.env),
    omitHistory: flags.omitHistory,
  };
  await runEdit(this, flags, { from, to }, (source, step) => squash(source, { ...options, ...step }));
}
