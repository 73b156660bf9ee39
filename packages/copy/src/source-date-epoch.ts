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
  const seconds = /^\d{1,13}$/.test(text) ? Number(text) : Number.NaN;
  const date = new Date(seconds * 1000);
  if (!Number.isNaN(date.getTime())) return date;
  throw new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `SOURCE_DATE_EPOCH=${JSON.stringify(text)} is no count of seconds since 1970`,
    { hint: "write SOURCE_DATE_EPOCH=$(git log -1 --pretty=%ct), or unset it" },
  );
}
