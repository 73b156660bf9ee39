import { chmodSync, closeSync, fchmodSync, fstatSync, openSync } from "node:fs";
import { openFlags } from "@drayage/sys";
import { folderFlags } from "./folder-flags.ts";

/** The permissions without which an owner cannot put anything into a folder. Root needs none. */
export const folderNeeds = 0o700;

/** Sets the mode of a folder, which need not be readable. */
export function chmodFolder(path: string | Buffer, mode: number): void {
  const fd = openSync(path, folderFlags | openFlags.path);
  try {
    chmodSync(`/proc/self/fd/${fd}`, mode);
  } finally {
    closeSync(fd);
  }
}

/** Lets its owner, who has to be this process's user, use a folder that cannot be opened; gives the mode that it had. */
export function unlock(path: string | Buffer): number | undefined {
  const fd = openSync(path, folderFlags | openFlags.path);
  try {
    return unlocked(fd, (mode) => chmodSync(`/proc/self/fd/${fd}`, mode));
  } finally {
    closeSync(fd);
  }
}

/** As {@link unlock}, of an open folder. */
export function unlockOpen(fd: number): number | undefined {
  return unlocked(fd, (mode) => fchmodSync(fd, mode));
}

function unlocked(fd: number, change: (mode: number) => void): number | undefined {
  const { mode, uid } = fstatSync(fd);
  const lacks = (mode & folderNeeds) !== folderNeeds;
  if (!lacks || uid !== process.geteuid?.()) return undefined;
  change((mode & 0o7777) | folderNeeds);
  return mode & 0o7777;
}
