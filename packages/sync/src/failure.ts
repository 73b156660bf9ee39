import { DrayageError, isDrayageError, type Side, withSide } from "@drayage/errors";

/** The same failure, saying which image or repository it belongs to. */
export function failureAt(place: string, error: unknown, usualSide?: Side): unknown {
  if (!isDrayageError<string>(error) || error.code === "ERR_DRAYAGE_ABORTED") return error;
  const sided = usualSide === undefined ? error : withSide(error, usualSide);
  if (!isDrayageError<string>(sided) || sided.message.startsWith(`${place}: `)) return sided;
  const { code, message, op, side, hint, retryable } = sided;
  return new DrayageError(code, `${place}: ${message}`, { op, side, hint, retryable, cause: error });
}
