import { DrayageError } from "@drayage/errors";

/**
 * The time that SOURCE_DATE_EPOCH says (reproducible-builds.org/specs/source-date-epoch): whole seconds since 1970.
 * Undefined where it is not set, or empty.
 *
 * @throws `ERR_DRAYAGE_USAGE`
 */
export function sourceDateEpoch(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Date | undefined {
  const text = env.SOURCE_DATE_EPOCH;
  if (text === undefined || text === "") return undefined;
  const date = new Date(/^\d{1,13}$/.test(text) ? Number(text) * 1000 : Number.NaN);
  if (!Number.isNaN(date.getTime())) return date;
  throw new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `SOURCE_DATE_EPOCH=${JSON.stringify(text)} is no count of seconds since 1970`,
    { hint: "write SOURCE_DATE_EPOCH=$(git log -1 --pretty=%ct), or unset it" },
  );
}

/** A time as Go prints it: without zeros at the end of a fraction. */
export function goTime(time: Date): string {
  return time.toISOString().replace(/\.?0*Z$/, "Z");
}
