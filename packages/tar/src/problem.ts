import { DrayageError, type DrayageErrorCode } from "@drayage/errors";

/** Where in an archive something is: the entry's name where it is known, and the offset in bytes of its first header. */
export interface Place {
  readonly name?: string | undefined;
  /** The entry before it, told where the name is not known. */
  readonly after?: string | undefined;
  readonly offset: number;
}

/** Makes the error for what is wrong at the place that is being read. */
export type Problem = (what: string, code?: DrayageErrorCode) => DrayageError;

const longestQuotedName = 200;

/** An error that says what is wrong with an archive, in which entry and at which offset. */
export function archiveProblem(
  what: string,
  place: Place,
  code: DrayageErrorCode = "ERR_DRAYAGE_ARCHIVE_INVALID",
): DrayageError {
  const entry = place.name === undefined ? "tar header" : `tar entry ${quoteName(place.name)}`;
  const after =
    place.name !== undefined || place.after === undefined ? "" : ` (after ${quoteName(place.after)})`;
  return new DrayageError(code, `${entry} at offset ${place.offset}${after}: ${what}`);
}

/** A name in quotes, shortened where it is very long. */
export function quoteName(name: string): string {
  return JSON.stringify(name.length > longestQuotedName ? `${name.slice(0, longestQuotedName)}…` : name);
}
