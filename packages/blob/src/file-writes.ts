import { writeSync } from "node:fs";
import { DrayageError } from "@drayage/errors";
import { writeError } from "./write-error.ts";

/** Writes all bytes, whatever the system takes at a time. Returns the position after them. */
export function writeAllSync(
  file: { readonly fd: number; readonly path: string },
  bytes: Uint8Array,
  position: number,
): number {
  let done = 0;
  while (done < bytes.length) {
    let count: number;
    try {
      count = writeSync(file.fd, bytes, done, bytes.length - done, position + done);
    } catch (error) {
      throw writeError(error, file.path);
    }
    if (count === 0) {
      const where = JSON.stringify(file.path);
      throw new DrayageError("ERR_DRAYAGE_IO", `cannot write ${where}: the system takes no more bytes`);
    }
    done += count;
  }
  return position + done;
}
