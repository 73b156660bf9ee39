import { writeSync } from "node:fs";

interface Written {
  /** What is left to write. */
  readonly rest: Uint8Array;
  /** Why; absent where all was written, and where the reader is merely too slow for all at once. */
  readonly error?: unknown;
}

/** Writes to a file descriptor without a stream, as much as it takes now. */
export function writeDirectly(descriptor: number, bytes: Uint8Array): Written {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "EAGAIN" ? { rest } : { rest, error };
    }
  }
  return { rest };
}
