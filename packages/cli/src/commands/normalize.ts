import { normalize, sourceDateEpoch } from "@drayage/edit";
import type { DrayContext } from "../context.ts";
import { compressionWish, runEdit, stepOptions } from "../edit/run-edit.ts";
import type { NormalizeFlags } from "./normalize.command.ts";

/** `dray normalize` */
export async function normalizeImage(
  this: DrayContext,
  flags: NormalizeFlags,
  from: string,
  to?: string,
): Promise<void> {
  const options = {
    ...stepOptions(this, flags),
    compression: compressionWish(flags),
    time: flags.time ?? sourceDateEpoch(this.env),
    times: flags.times,
    fromLayer: flags.fromLayer,
  };
  await runEdit(this, flags, { from, to }, (source, step) => normalize(source, { ...options, ...step }));
}
