import { statSync } from "node:fs";
import type { Digest } from "@drayage/digest";
import { DrayageError, ioError } from "@drayage/errors";
import type { Blob, StreamOrigin } from "./blob.ts";

/** What is known of a blob beforehand. */
export interface BlobFacts {
  readonly digest?: Digest | undefined;
  readonly size?: number | undefined;
  /** What the bytes are, for messages. */
  readonly what?: string | undefined;
}

export interface FileBlobOptions extends BlobFacts {
  /** Where the range starts, in bytes; 0 where absent. */
  readonly offset?: number | undefined;
  /** How many bytes it has; up to the file's end where absent, which asks the file system for its size. */
  readonly length?: number | undefined;
}

/**
 * A file, or a range of one. Without `offset` and `length` it is the whole file, and one that has grown or shrunk
 * by the time it is read is refused.
 *
 * @throws `ERR_DRAYAGE_IO` where the size is needed and there is no such file, `ERR_DRAYAGE_USAGE`
 */
export function fileBlob(path: string, options: FileBlobOptions = {}): Blob {
  const { offset = 0, digest, size, what } = options;
  const whole = options.offset === undefined && options.length === undefined;
  const length = options.length ?? sizeOf(path) - offset;
  for (const [name, value] of Object.entries({ offset, length })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${name} ${value} is not a place in ${JSON.stringify(path)}`);
  }
  return {
    digest,
    size: size ?? length,
    what,
    origin: whole ? { kind: "file", path, offset, length, whole } : { kind: "file", path, offset, length },
    steps: [],
  };
}

/** Bytes in memory. */
export function bytesBlob(bytes: Uint8Array, facts: BlobFacts = {}): Blob {
  const { digest, size = bytes.length, what } = facts;
  return { digest, size, what, origin: { kind: "bytes", bytes }, steps: [] };
}

export interface StreamBlobOptions extends BlobFacts {
  /** Whether `open` honours its `offset`. */
  readonly resumable?: boolean | undefined;
  /** Whether `open` makes use of its `borrow`. */
  readonly borrows?: boolean | undefined;
}

/** Bytes that arrive. `open` is called once for each time that the blob is read. */
export function streamBlob(open: StreamOrigin["open"], options: StreamBlobOptions = {}): Blob {
  const { digest, size, what, resumable, borrows } = options;
  return { digest, size, what, origin: { kind: "stream", open, resumable, borrows }, steps: [] };
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    throw ioError(error, "read", { path });
  }
}
