import { isDrayageError } from "@drayage/errors";

/** What the command's exit status says. The first three are skopeo's. */
export const exitCodes = {
  success: 0,
  failure: 1,
  imageNotFound: 2,
  /** By SIGINT, or by a program that runs dray inside itself. */
  interrupted: 130,
} as const;

/** By their numbers, which are the same on all systems (signal.h). */
const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Signals that dray ends by, once it has cleaned up. */
export type EndingSignal = keyof typeof signalNumbers;

/** The reason that work is aborted with when the process gets a signal. */
export class SignalReceived extends Error {
  readonly signal: EndingSignal;

  constructor(signal: EndingSignal) {
    super(`received ${signal}`);
    this.signal = signal;
  }
}

/** As shells count: 128 and the signal's number. */
export function exitCodeOfSignal(signal: EndingSignal): number {
  return 128 + signalNumbers[signal];
}

/** The exit status for what a command threw. */
export function exitCodeOf(error: unknown): number {
  if (isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND") && error.side !== "destination") {
    return exitCodes.imageNotFound;
  }
  if (isDrayageError(error, "ERR_DRAYAGE_CONTAINER_NOT_FOUND")) return exitCodes.imageNotFound;
  return isDrayageError(error, "ERR_DRAYAGE_ABORTED") ? exitCodeOfAbort(error.cause) : exitCodes.failure;
}

/** The status for what something was aborted with, or for what is behind that. */
function exitCodeOfAbort(reason: unknown): number {
  if (reason instanceof SignalReceived) return exitCodeOfSignal(reason.signal);
  if (isDrayageError(reason, "ERR_DRAYAGE_ABORTED")) return exitCodeOfAbort(reason.cause);
  return reason instanceof Error && reason.name === "TimeoutError"
    ? exitCodes.failure
    : exitCodes.interrupted;
}
