import { DrayageError } from "./error.ts";

/** Throws `ERR_DRAYAGE_ABORTED`, with the signal's reason as its cause, if the signal was aborted. */
export function throwIfAborted(signal: AbortSignal | undefined, op?: string): void {
  if (signal?.aborted) throw abortError(signal.reason, op);
}

/** The error that an aborted call ends with. */
export function abortError(reason: unknown, op?: string): DrayageError {
  const timeout = reason instanceof Error && reason.name === "TimeoutError";
  return new DrayageError("ERR_DRAYAGE_ABORTED", timeout ? reason.message : "interrupted", {
    op,
    cause: reason,
  });
}
