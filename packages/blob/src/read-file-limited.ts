import { closeSync } from "node:fs";
import { DrayageError } from "@drayage/errors";
import { openForReading, readAt } from "./file-range.ts";

/**
 * A small file's bytes.
 *
 * @param limit the most bytes that are accepted
 * @throws `ERR_DRAYAGE_IO` (also for what is no file), `ERR_DRAYAGE_LIMIT_EXCEEDED`
 */
export async function readFileLimited(path: string, limit: number): Promise<Uint8Array> {
  const { fd, stats } = openForReading(path);
  try {
    if (stats.size > limit) throw tooLarge(path, `${stats.size}`, limit);
    // One byte more than there should be, to see a file that grows; /proc says 0 of its files.
    let bytes = new Uint8Array(Math.min(limit, Math.max(stats.size, 4096)) + 1);
    let size = 0;
    for (;;) {
      const count = await readAt(fd, bytes.subarray(size), size, path);
      if (count === 0) return bytes.subarray(0, size);
      size += count;
      if (size > limit) throw tooLarge(path, "more", limit);
      if (size < bytes.length) continue;
      const larger = new Uint8Array(Math.min(limit, size * 2) + 1);
      larger.set(bytes);
      bytes = larger;
    }
  } finally {
    closeSync(fd);
  }
}

function tooLarge(path: string, size: string, limit: number): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `${JSON.stringify(path)} has ${size} bytes, where at most ${limit} are accepted`,
  );
}
