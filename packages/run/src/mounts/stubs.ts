import { closeSync, constants, fstatSync } from "node:fs";
import { posix } from "node:path";
import { openFlags, type Sys } from "@drayage/sys";
import { hasCode, isFolder, lookUp, walk } from "../root/walk.ts";

const { O_NOFOLLOW, S_IFMT, S_IFREG } = constants;

/** Of the paths those where nothing is yet: what will be there is only something to mount on. */
export function missingPaths(sys: Sys, root: number, paths: readonly string[]): readonly string[] {
  return paths.filter((path) => lookUp(sys, root, path) === undefined);
}

/** Removes what was made to mount on, as long as it is empty. */
export function removeStubs(sys: Sys, root: number, paths: readonly string[]): void {
  for (const path of paths) removeStub(sys, root, path);
}

function removeStub(sys: Sys, root: number, path: string): void {
  let folder: number;
  try {
    folder = walk(sys, root, posix.dirname(path));
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR") || hasCode(error, "ELOOP")) return;
    throw error;
  }
  const name = posix.basename(path);
  try {
    const found = sys.openAt(folder, name, openFlags.path | O_NOFOLLOW);
    const { mode, size } = fstatSync(found);
    closeSync(found);
    if (isFolder(mode)) sys.unlinkAt(folder, name, { folder: true });
    else if (size === 0 && (mode & S_IFMT) === S_IFREG) sys.unlinkAt(folder, name);
  } catch (error) {
    // Gone, or in use: the command had its own plans with it.
    if (!["ENOENT", "ENOTDIR", "ELOOP", "ENOTEMPTY", "EBUSY"].some((code) => hasCode(error, code)))
      throw error;
  } finally {
    closeSync(folder);
  }
}
