import { DrayageError, isDrayageError } from "@drayage/errors";
import type { Blob } from "./blob.ts";

/** The blob as messages name it. */
export function whatOf(blob: Blob): string {
  if (blob.what !== undefined) return blob.what;
  const { origin } = blob;
  switch (origin.kind) {
    case "file":
      return origin.whole === true
        ? JSON.stringify(origin.path)
        : `${origin.length} bytes at ${origin.offset} of ${JSON.stringify(origin.path)}`;
    case "bytes":
      return "the bytes in memory";
    case "stream":
      return "the stream";
  }
}

/** An error of a compressed stream, which knows nothing of where its bytes are from, with the blob's name before it. */
export function namingBlob(error: unknown, blob: Blob): unknown {
  if (!isDrayageError(error, "ERR_DRAYAGE_COMPRESSION_INVALID")) return error;
  const { code, op, side, hint } = error;
  return new DrayageError(code, `${whatOf(blob)}: ${error.message}`, { op, side, hint, cause: error });
}
