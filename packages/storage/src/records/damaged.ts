import { DrayageError } from "@drayage/errors";

/** A file of the store that cannot be understood. It is left as it is. */
export function damagedFile(path: string, what: string, cause?: unknown): DrayageError {
  return new DrayageError("ERR_DRAYAGE_STORE_INVALID", `${JSON.stringify(path)} ${what}`, {
    hint: "nothing was changed: put the file back from a backup, or, if it was written by a newer tool, use that or a newer dray",
    cause,
  });
}
