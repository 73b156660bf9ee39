import { DrayageError } from "@drayage/errors";
import type { Algorithm } from "./algorithm.ts";

/** ERR_DRAYAGE_COMPRESSION_INVALID: the stream is damaged, truncated, or something follows it. */
export function invalid(algorithm: Algorithm, reason: string, cause?: unknown): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_COMPRESSION_INVALID",
    `the ${algorithm} stream is damaged: ${reason}`,
    {
      cause,
    },
  );
}

export function truncated(algorithm: Algorithm): DrayageError {
  return new DrayageError("ERR_DRAYAGE_COMPRESSION_INVALID", `the ${algorithm} stream is truncated`);
}

export function trailing(algorithm: Algorithm): DrayageError {
  return invalid(algorithm, "something else follows its end");
}

/** ERR_DRAYAGE_LIMIT_EXCEEDED: inflating would take more memory than a stream may ask for. */
export function tooMuchMemory(algorithm: Algorithm, wanted: number | bigint, limit: number): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `the ${algorithm} stream asks for a window of ${wanted} bytes, and at most ${limit} are given`,
  );
}
