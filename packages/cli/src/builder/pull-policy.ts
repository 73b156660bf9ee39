import type { PullPolicy } from "@drayage/builder";
import type { DrayContext } from "../context.ts";
import { said } from "./said.ts";

export interface PullFlags {
  /** `true` where the flag stands alone. */
  readonly pull?: string;
  readonly pullAlways?: boolean;
  readonly pullNever?: boolean;
}

/** The words of buildah 1.28 with what they mean there, and those that came later. Since 1.37 true means always, and false never. */
const policies: Readonly<Partial<Record<string, PullPolicy>>> = {
  always: "always",
  missing: "missing",
  ifmissing: "missing",
  ifnotpresent: "missing",
  newer: "newer",
  ifnewer: "newer",
  never: "never",
  true: "newer",
  false: "missing",
};

/** When `from` asks a registry. To a link named buildah an unknown word means `missing`, as to buildah 1.28. */
export function pullPolicy(
  { pull, pullAlways, pullNever }: PullFlags,
  { calledAs }: Pick<DrayContext, "calledAs">,
): PullPolicy {
  const given = [pull, pullAlways, pullNever].filter((value) => value !== undefined);
  if (given.length > 1) throw said("can only set one of 'pull' or 'pull-always' or 'pull-never'");
  if (pullAlways) return "always";
  if (pullNever) return "never";
  const policy = policies[(pull ?? "true").trim().toLowerCase()];
  if (policy === undefined && calledAs !== "buildah") {
    throw said(
      `--pull: ${JSON.stringify(pull)} is no policy`,
      "always, missing, newer, never, true (newer), false (missing)",
    );
  }
  return policy ?? "missing";
}
