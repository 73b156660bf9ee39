import { DrayageError, type DrayageErrorCode, isDrayageError } from "@drayage/errors";
import type { Location } from "@drayage/transport";

/** What it means that a registry has no image of a name, or that nobody can ask it. */
const notThere: ReadonlySet<string> = new Set<DrayageErrorCode>([
  "ERR_DRAYAGE_CONNECTION",
  "ERR_DRAYAGE_IMAGE_NOT_FOUND",
  "ERR_DRAYAGE_REPOSITORY_NOT_FOUND",
  "ERR_DRAYAGE_TLS",
  "ERR_DRAYAGE_UNAUTHORIZED",
]);

/** The error of a registry that was asked for what the store lacks, saying that it does. */
export function notInStoreEither(
  error: unknown,
  { sought, location }: { readonly sought: string; readonly location: Location },
): unknown {
  if (!isDrayageError<string>(error) || !notThere.has(error.code)) return error;
  const { code, message, op, side, hint, retryable } = error;
  const text = `the store has no image ${JSON.stringify(sought)}, and no registry gave it: ${message}`;
  const options = { op, side, retryable, cause: error };
  if (!isOfThisMachine(location)) return new DrayageError(code, text, { ...options, hint });
  return new DrayageError(code, text, { ...options, hint: "dray images lists those that are there" });
}

/** The error of a registry that nothing was pushed to: the name of an image that was made here names no registry. */
export function noDestination(error: unknown, destination: Location): unknown {
  if (!isDrayageError<string>(error) || !notThere.has(error.code) || !isOfThisMachine(destination))
    return error;
  const { code, message, op, side, retryable } = error;
  const hint =
    "localhost/ is how images are called that were made here: name a destination, as docker://REGISTRY/NAME:TAG";
  return new DrayageError(code, message, { op, side, retryable, hint, cause: error });
}

/** Whether it has the name that images get that were made on this machine, and no registry has. */
function isOfThisMachine({ transport, reference }: Location): boolean {
  return transport.scheme === "docker" && reference.dockerReference?.domain === "localhost";
}
