import { DrayageError } from "@drayage/errors";

/** The error for a text that is no reference. */
export function invalid(text: string, reason: string, hint?: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_REFERENCE_INVALID",
    `${JSON.stringify(text)} is no image of a store: ${reason}`,
    { hint },
  );
}
