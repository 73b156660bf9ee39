import { DrayageError, isDrayageError } from "@drayage/errors";

/**
 * Throws what went wrong with a base as that: else it would be taken for something of the image. For `catch` of a promise.
 */
export function ofBase(which: "old" | "new"): (error: unknown) => never {
  return (error) => {
    if (!isDrayageError(error) || error.code === "ERR_DRAYAGE_ABORTED") throw error;
    const { code, message, hint, op, retryable } = error;
    throw new DrayageError(code, `the ${which} base: ${message}`, { hint, op, retryable, cause: error });
  };
}
