import { flatten, sourceDateEpoch } from "@drayage/edit";
import type { DrayContext } from "../context.ts";
import { compressionWish, runEdit, stepOptions } from "../edit/run-edit.ts";
import type { FlattenFlags } from "./flatten.command.ts";

/** `dray flatten` */
export async function flattenImage(
  this: DrayContext,
  flags: FlattenFlags,
  from: string,
  to?: string,
): Promise<void> {
  const options = {
    ...stepOptions(this, flags),
    compression: compressionWish(flags),
    created: flags.created ?? sourceDateEpoch(this.env),
    omitHistory: flags.omitHistory,
  };
  await runEdit(this, flags, { from, to }, (source, step) => flatten(source, { ...options, ...step }));
}
