import { acquireFileLock, type FileLock } from "@drayage/sys";
import type { RunMount } from "./mount.ts";

/** Waits for the caches that only one may use at a time. */
export async function lockMounts(
  mounts: readonly RunMount[],
  signal: AbortSignal | undefined,
): Promise<AsyncDisposable> {
  // In one order, so that two never wait for each other.
  const paths = mounts
    .flatMap((mount) => (mount.type === "bind" && mount.lock !== undefined ? [mount.lock] : []))
    .sort();
  const held: FileLock[] = [];
  const release = async (): Promise<void> => {
    for (const lock of held.splice(0)) lock.release();
  };
  try {
    // A command that has the cache can put a link there.
    for (const path of new Set(paths))
      held.push(await acquireFileLock(path, "write", { signal, followLinks: false }));
  } catch (error) {
    await release();
    throw error;
  }
  return { [Symbol.asyncDispose]: release };
}
