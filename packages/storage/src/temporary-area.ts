import { randomInt } from "node:crypto";
import path from "node:path";
import type { Leftover } from "./driver.ts";
import type { StoreFiles } from "./files/store-files.ts";

const folderPrefix = "temp-dir-";
const lockPrefix = "lock-";

/**
 * A folder for what is being made or removed, which nobody else touches as long as this process lives. Disposing of it removes it, with all
 * that is in it by then.
 */
export interface TemporaryArea extends AsyncDisposable {
  readonly path: string;
  /** A path in it that is not used yet. */
  next(name: string): string;
  /** Moves something into it, from the same file system. False where there is nothing. */
  take(from: string): boolean;
}

/**
 * Makes `temp-dir-X` in `root`, and beside it `lock-X`, locked: the way of containers/storage 1.59 and later, which remove those whose lock
 * nobody holds.
 */
export async function createTemporaryArea(
  files: StoreFiles,
  root: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<TemporaryArea> {
  const name = String(randomInt(2 ** 47));
  const folder = path.join(root, folderPrefix + name);
  const lockPath = path.join(root, lockPrefix + name);
  const lock = await files.acquire(lockPath, "write", { ...options, patience: 10_000 });
  let count = 0;
  try {
    files.makeFolder(folder);
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
  const next = (suffix: string): string => {
    count += 1;
    return path.join(folder, `${count - 1}-${suffix}`);
  };
  return {
    path: folder,
    next,
    take: (from) => files.rename(from, next(path.basename(from))),
    async [Symbol.asyncDispose]() {
      await files.remove(folder);
      await files.remove(lockPath);
      await lock[Symbol.asyncDispose]();
    },
  };
}

/** Areas in `root` whose process is gone. */
export function temporaryLeftovers(files: StoreFiles, root: string): readonly Leftover[] {
  const names = new Set(
    files.list(root).flatMap((entry) => {
      const prefix = [folderPrefix, lockPrefix].find((one) => entry.startsWith(one));
      return prefix === undefined ? [] : [entry.slice(prefix.length)];
    }),
  );
  return [...names].flatMap((name) => {
    const lockPath = path.join(root, lockPrefix + name);
    const folder = path.join(root, folderPrefix + name);
    if (isTaken(files, lockPath)) return [];
    return [{ path: folder, why: "its process is gone", remove: () => removeArea(files, folder, lockPath) }];
  });
}

async function removeArea(files: StoreFiles, folder: string, lockPath: string): Promise<void> {
  using lock = files.tryAcquire(lockPath, "write");
  // Another one is at it.
  if (lock === undefined) return;
  await files.remove(folder);
  await files.remove(lockPath);
}

function isTaken(files: StoreFiles, lockPath: string): boolean {
  using lock = files.tryAcquire(lockPath, "write");
  return lock === undefined;
}
