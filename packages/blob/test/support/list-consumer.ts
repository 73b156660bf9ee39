import { appendFileSync, closeSync, openSync, writeSync } from "node:fs";
import { isMainThread, threadId } from "node:worker_threads";
import { DrayageError } from "@drayage/errors";
import type { Consumer } from "../../src/index.ts";

/** Writes what it is given to a file, and says where it was. */
export interface Listed {
  readonly bytes: number;
  readonly main: boolean;
  readonly thread: number;
}

export interface ListSettings {
  readonly path: string;
  /** Where it tells that it was closed. */
  readonly log: string;
  readonly failAt?: number;
  readonly failAtEnd?: boolean;
}

export function createConsumer(settings: unknown): Consumer {
  const { path, log, failAt, failAtEnd } = settings as ListSettings;
  const fd = openSync(path, "w");
  let bytes = 0;
  return {
    take(chunk) {
      bytes += writeSync(fd, chunk);
      if (failAt !== undefined && bytes > failAt) {
        throw new DrayageError("ERR_DRAYAGE_ARCHIVE_INVALID", "the list is no list", {
          hint: "make another",
        });
      }
    },
    finish(): Listed {
      if (failAtEnd === true) throw new DrayageError("ERR_DRAYAGE_ARCHIVE_INVALID", "the list has no end");
      appendFileSync(log, "finished\n");
      return { bytes, main: isMainThread, thread: threadId };
    },
    close() {
      closeSync(fd);
      appendFileSync(log, "closed\n");
    },
  };
}
