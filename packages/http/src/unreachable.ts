import { isDrayageError } from "@drayage/errors";

const unreachable: ReadonlySet<unknown> = new Set([
  "EAI_AGAIN",
  "EAI_FAIL",
  "ECONNREFUSED",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "ETIMEDOUT",
]);

/** Whether it is the error of a host that nobody could speak to, or heard of. */
export function isUnreachable(error: unknown): boolean {
  if (!isDrayageError(error, "ERR_DRAYAGE_CONNECTION")) return false;
  const { cause } = error;
  // Only a time that is over has no cause.
  if (cause === undefined) return true;
  return typeof cause === "object" && cause !== null && "code" in cause && unreachable.has(cause.code);
}
