import { DrayageError, isDrayageError } from "@drayage/errors";

/** The same failure, saying which of several places it is about. */
export function atPlace(text: string, error: unknown): unknown {
  if (!isDrayageError<string>(error) || error.code === "ERR_DRAYAGE_ABORTED") return error;
  const { code, message, op, side, hint, retryable } = error;
  if (message.includes(text)) return error;
  return new DrayageError(code, `${text}: ${message}`, { op, side, hint, retryable, cause: error });
}
