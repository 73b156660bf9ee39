import { goTime } from "@drayage/manifest";
import type { Added } from "../builder.ts";
import type { HistoryItem } from "../state/state.ts";

/** What `--add-history` says of files that were added, as buildah 1.28 words it: `ADD file:<digest>`. */
export function addedHistory(instruction: "ADD" | "COPY", { kind, digest }: Added, now: Date): HistoryItem {
  const hex = digest.slice(digest.indexOf(":") + 1);
  const what = kind === "" ? hex : `${kind}:${hex}`;
  return { created: goTime(now), created_by: `/bin/sh -c #(nop) ${instruction} ${what}`, empty_layer: true };
}
