import { isDrayageError } from "@drayage/errors";

/** What the command's exit status says. The first three are skopeo's. */
export const exitCodes = {
  success: 0,
  failure: 1,
  imageNotFound: 2,
  interrupted: 130,
} as const;

/** The exit status for what a command threw. */
export function exitCodeOf(error: unknown): number {
  if (isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND") && error.side !== "destination") {
    return exitCodes.imageNotFound;
  }
  if (isDrayageError(error, "ERR_DRAYAGE_CONTAINER_NOT_FOUND")) return exitCodes.imageNotFound;
  if (isDrayageError(error, "ERR_DRAYAGE_ABORTED") && !isTimeout(error.cause)) return exitCodes.interrupted;
  return exitCodes.failure;
}

function isTimeout(cause: unknown): boolean {
  return cause instanceof Error && cause.name === "TimeoutError";
}
