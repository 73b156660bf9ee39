import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";
import { errnoOf } from "@drayage/errors";
import { thisOwner } from "./owner.ts";
import { formatStagedName } from "./staged-name.ts";

/** A second name of a file, beside its later place. */
export interface LinkedFile {
  /** Open for reading: the very file that has the name, whatever becomes of the first name. */
  readonly fd: number;
  /** Brings the bytes to the disk and the name to its place. */
  moveTo(finalPath: string): void;
  remove(): void;
}

/** Undefined where the file system, or the system's rules about links, do not allow it. */
export function linkFile(from: string, folder: string): LinkedFile | undefined {
  // Without a key, so that nobody resumes it: that would write to the source.
  const path = join(folder, formatStagedName({ key: "", owner: thisOwner() }));
  const fd = linkAndOpen(from, path);
  if (fd === undefined) return undefined;

  function remove(): void {
    closeSync(fd ?? -1);
    unlinkIfThere(path);
  }
  return {
    fd,
    moveTo(finalPath) {
      fsyncSync(fd);
      renameSync(path, finalPath);
      // Where both are names of one file already, rename(2) leaves both.
      remove();
    },
    remove,
  };
}

function linkAndOpen(from: string, path: string): number | undefined {
  try {
    // link(2) gives a symbolic link another name, not what it points to.
    linkSync(realpathSync(from), path);
  } catch {
    return undefined;
  }
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    if (fstatSync(fd).isFile()) return fd;
  } catch {
    // It may not be read: then it is not to be had by copying either, which says so.
  }
  if (fd !== undefined) closeSync(fd);
  unlinkIfThere(path);
  return undefined;
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
