import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { acquireLock } from "@drayage/file-lock";
import type { BlobInfoCache } from "@drayage/transport";
import { createCache, type EntryStore } from "./cache.ts";
import { type Entry, encodeEntry } from "./entry.ts";
import { appendLines, readLog, replaceLog, stateOfLog } from "./log-file.ts";
import { LogIndex } from "./log-index.ts";
import { makeFolder } from "./make-folder.ts";

export interface FileBlobInfoCacheOptions {
  /** The file; `drayage/blob-info-cache` in `$XDG_CACHE_HOME`, or in `~/.cache`, where absent. */
  readonly path?: string | undefined;
  /** Where `XDG_CACHE_HOME` and `HOME` are looked up; those of the process where absent. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Bytes that the file may have, before what is oldest in it is dropped; 8 MiB where absent. */
  readonly limit?: number | undefined;
}

/**
 * A cache in a file, which any number of processes may use at a time. What others add after the first question is not
 * seen. Nothing of it ever fails: where the file cannot be read or written, the cache is one in memory. A file that is no
 * cache is replaced, and what is damaged in one is skipped.
 */
export function fileBlobInfoCache(options: FileBlobInfoCacheOptions = {}): BlobInfoCache {
  const { env = process.env, limit = 8 * 1024 * 1024 } = options;
  return createCache(fileStore(options.path ?? defaultPath(env), limit));
}

function defaultPath(env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_CACHE_HOME: named, HOME: home } = env;
  // XDG Base Directory Specification: a relative path is to be ignored.
  const caches =
    named !== undefined && isAbsolute(named)
      ? named
      : join(home === undefined || home === "" ? homedir() : home, ".cache");
  return join(caches, "drayage", "blob-info-cache");
}

/** How long another process that tidies up is waited for, in milliseconds. */
const lockPatience = 2_000;

function fileStore(path: string, limit: number): EntryStore {
  // Whoever could not tidy up has left it to the next one; what is far larger is no cache.
  const largest = limit * 4 + 1024 * 1024;
  let reading: Promise<LogIndex> | undefined;
  let pending: string[] = [];
  let writing: Promise<void> | undefined;
  let isReady: Promise<boolean> | undefined;
  /** Set once writing has failed: it is not tried again. */
  let broken = false;

  async function read(): Promise<LogIndex> {
    try {
      const { state, bytes } = await readLog(path, largest);
      return new LogIndex(state === "ours" ? bytes : Buffer.alloc(0));
    } catch {
      // A cache that cannot be read knows nothing.
      return new LogIndex(Buffer.alloc(0));
    }
  }

  async function flush(): Promise<void> {
    // All that is noted in one turn goes out in one write.
    await new Promise((resolve) => setImmediate(resolve));
    while (pending.length > 0) {
      const lines = pending;
      pending = [];
      try {
        if (!broken) await write(lines);
      } catch {
        // A full or read-only disk must not fail a copy.
        broken = true;
      }
    }
    writing = undefined;
  }

  async function write(lines: readonly string[]): Promise<void> {
    isReady ??= prepare();
    if (!(await isReady)) {
      broken = true;
      return;
    }
    let size = await appendLines(path, lines);
    if (size === undefined) {
      // It was removed meanwhile.
      await prepare();
      size = await appendLines(path, lines);
    }
    if (size !== undefined && size > limit) await compact();
  }

  /** Sees to it that there is a file that can be added to. False where it is one of a later version. */
  async function prepare(): Promise<boolean> {
    const state = await stateOfLog(path, largest);
    if (state === "ours" || state === "newer") return state === "ours";
    await makeFolder(dirname(path));
    return locked(async () => {
      // Another process may have been faster.
      const now = await stateOfLog(path, largest);
      if (now === "absent" || now === "damaged") await replaceLog(path, []);
      return now !== "newer";
    });
  }

  /** Drops what was said again since, and then the oldest, until half of the room is free. */
  async function compact(): Promise<void> {
    await locked(async () => {
      const { state, bytes } = await readLog(path, largest);
      // Another process was faster.
      if (state !== "ours" || bytes.length <= limit) return;
      const kept: string[] = [];
      let size = 0;
      for (const entry of new LogIndex(bytes).all().newestFirst()) {
        if (entry.kind === "location" && entry.gone) continue;
        const line = encodeEntry(entry);
        size += Buffer.byteLength(line) + 1;
        if (size > limit / 2) break;
        kept.push(line);
      }
      await replaceLog(path, kept.reverse());
    });
  }

  async function locked<T>(work: () => Promise<T>): Promise<T> {
    await using _lock = await acquireLock(`${path}.lock`, { patience: lockPatience });
    return await work();
  }

  return {
    async about(digest) {
      reading ??= read();
      return (await reading).about(digest);
    },
    append(entry: Entry) {
      if (broken) return;
      pending.push(encodeEntry(entry));
      writing ??= flush();
    },
    async close() {
      await writing;
    },
  };
}
