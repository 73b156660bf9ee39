import { readSync, writeSync } from "node:fs";
import { errnoOf } from "@drayage/errors";
import type { Sys } from "@drayage/sys";

/** How much is copied at a time, in bytes, before others have their turn. */
const stretch = 16 * 1024 * 1024;
const bufferSize = 256 * 1024;

type Way = "clone" | "range" | "buffer";

/** Copies contents of files in the best way that the file systems allow, which is found out with the first one. */
export interface ContentCopier {
  /** From the start of one open file to that of another, which is empty. */
  copy(from: number, to: number): Promise<void>;
}

export function contentCopier(sys: Sys, breathe: () => Promise<void>): ContentCopier {
  let way: Way = "clone";
  let buffer: Uint8Array | undefined;

  /** Copies up to a stretch, and says how much that was: 0 at the end. */
  function copyStretch(from: number, to: number, position: number): number {
    if (way === "range") {
      try {
        return sys.copyRange(from, to, stretch);
      } catch (error) {
        if (position > 0 || !cannot.has(errnoOf(error) ?? "")) throw error;
        way = "buffer";
      }
    }
    buffer ??= new Uint8Array(bufferSize);
    const count = readSync(from, buffer, 0, bufferSize, position);
    for (let written = 0; written < count; )
      written += writeSync(to, buffer, written, count - written, position + written);
    return count;
  }

  return {
    async copy(from, to) {
      if (way === "clone") {
        try {
          sys.cloneFile(from, to);
          return;
        } catch (error) {
          if (!cannot.has(errnoOf(error) ?? "")) throw error;
          way = "range";
        }
      }
      for (let position = 0; ; ) {
        const count = copyStretch(from, to, position);
        if (count === 0) return;
        position += count;
        await breathe();
      }
    },
  };
}

/** What file systems say that cannot share blocks, or not with each other, and kernels that do not know the call. */
const cannot: ReadonlySet<string> = new Set([
  "EXDEV",
  "ENOSYS",
  "EINVAL",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOTTY",
  "EPERM",
  "EBADF",
]);
