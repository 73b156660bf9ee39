import { fdatasync } from "node:fs";
import type { BlobSink } from "./sink.ts";
import { writeError } from "./write-error.ts";

/** Lets the disk begin with what was written while more arrives, so that it has little left to do at the end. */
export interface WriteBack extends AsyncDisposable {
  wrote(bytes: number): void;
  /** Waits for the disk, as far as it was told to begin. Throws what it said. */
  finish(): Promise<void>;
}

/** So often is the disk told to begin, unless it is still at it. */
const step = 8 * 1024 * 1024;

export function createWriteBack(sink: BlobSink): WriteBack {
  let unsynced = 0;
  let syncing: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;

  function begin({ fd, path }: Extract<BlobSink, { kind: "file" }>): void {
    unsynced = 0;
    syncing = new Promise((resolve) => {
      fdatasync(fd, (error) => {
        syncing = undefined;
        // The system tells of a failed write once: it would be lost for who syncs the file later.
        if (error && !isUnsupported(error)) failure ??= { error: writeError(error, path) };
        resolve();
      });
    });
  }

  return {
    wrote(bytes) {
      unsynced += bytes;
      if (sink.kind === "file" && unsynced >= step && syncing === undefined) begin(sink);
    },
    async finish() {
      await syncing;
      if (failure !== undefined) throw failure.error;
    },
    // The file must not be closed, and its number given to another, while the disk is told of it.
    async [Symbol.asyncDispose]() {
      await syncing;
    },
  };
}

/** What is no file on a disk, such as a terminal. */
function isUnsupported({ code }: NodeJS.ErrnoException): boolean {
  return code === "EINVAL" || code === "ENOTSUP" || code === "EROFS";
}
