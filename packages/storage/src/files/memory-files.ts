import { setTimeout as delay } from "node:timers/promises";
import { abortError, DrayageError } from "@drayage/errors";
import type { AcquireOptions, LockKind, StoreFiles } from "./store-files.ts";

/** Files of a store that nobody else sees and that end with the process. */
export function memoryFiles(): StoreFiles {
  const files = new Map<string, { readonly bytes: Uint8Array; readonly stamp: string }>();
  const locks = new Map<string, { readers: number; writer: boolean }>();
  let changes = 0;

  const put = (path: string, bytes: Uint8Array): void => {
    changes += 1;
    files.set(path, { bytes, stamp: String(changes) });
  };

  async function remove(path: string): Promise<void> {
    for (const file of [...files.keys()]) {
      if (file === path || file.startsWith(`${path}/`)) files.delete(file);
    }
  }

  function tryAcquire(path: string, kind: LockKind): Disposable | undefined {
    const lock = locks.get(path) ?? { readers: 0, writer: false };
    if (lock.writer || (kind === "write" && lock.readers > 0)) return undefined;
    locks.set(path, lock);
    if (kind === "write") lock.writer = true;
    else lock.readers += 1;
    return {
      [Symbol.dispose]() {
        if (kind === "write") lock.writer = false;
        else lock.readers -= 1;
      },
    };
  }

  async function acquire(path: string, kind: LockKind, options: AcquireOptions): Promise<AsyncDisposable> {
    const began = performance.now();
    for (;;) {
      if (options.signal?.aborted) throw abortError(options.signal.reason, "wait for a lock");
      const lock = tryAcquire(path, kind);
      if (lock !== undefined) return { [Symbol.asyncDispose]: async () => lock[Symbol.dispose]() };
      if (performance.now() - began > options.patience) {
        throw new DrayageError("ERR_DRAYAGE_LOCKED", `${path} is locked for too long`, { retryable: true });
      }
      await delay(1);
    }
  }

  return {
    onDisk: false,
    read: (path) => files.get(path)?.bytes,
    stamp: (path) => files.get(path)?.stamp ?? "",
    size: (path) => files.get(path)?.bytes.length,
    changed: () => undefined,
    exists: (path) => files.has(path) || namesBelow(files, path).length > 0,
    list: (folder) => [...new Set(namesBelow(files, folder).map((name) => name.split("/")[0] ?? name))],
    write: (path, bytes) => put(path, bytes.slice()),
    writeNew: async (path, bytes) => put(path, bytes.slice()),
    overwrite: (path, bytes) => put(path, bytes.slice()),
    makeFolder: () => undefined,
    rename(from, to) {
      const moved = [...files].filter(([path]) => path === from || path.startsWith(`${from}/`));
      for (const [path, { bytes }] of moved) {
        files.delete(path);
        put(to + path.slice(from.length), bytes);
      }
      return moved.length > 0;
    },
    remove,
    syncFile: async () => undefined,
    syncFolder: async () => undefined,
    makeArea(root) {
      changes += 1;
      const path = `${root}/${changes}`;
      return { path, remove: () => remove(path) };
    },
    abandonedAreas: () => [],
    acquire,
    tryAcquire,
  };
}

function namesBelow(files: ReadonlyMap<string, unknown>, folder: string): readonly string[] {
  const prefix = `${folder}/`;
  return [...files.keys()].filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
}
