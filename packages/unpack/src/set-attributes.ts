import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  openSync,
  type Stats,
} from "node:fs";
import { errnoOf } from "@drayage/errors";
import { missingOwner, openFlags, requireSys, type Sys } from "@drayage/sys";
import { type ByteString, toPath } from "./byte-string.ts";
import type { Folder, Time } from "./folder.ts";
import type { FolderTree } from "./folder-tree.ts";
import type { Ownership } from "./options.ts";
import { folderNeeds } from "./unlock.ts";
import type { Attributes } from "./unpacked.ts";

const permissions = 0o7777;

export interface SetAttributesOptions {
  readonly tree: FolderTree;
  readonly sys: Sys | undefined;
  readonly ownership: Ownership;
  readonly xattrs: "set" | "skip";
  /** Whether this process may do all. */
  readonly isRoot: boolean;
}

/** Sets what an entry says of what was just made of it. Everything goes by descriptors, or follows no link. */
export interface SetAttributes {
  /** Of an open regular file. */
  file(fd: number, folder: Folder, name: ByteString, attributes: Attributes): void;
  /** But for its times, and as far as the owner's own permissions are not to wait: gives the mode that is to be set in the end. */
  folder(path: string | Buffer, attributes: Attributes, open: () => number): number | undefined;
  symlink(folder: Folder, name: ByteString, attributes: Attributes): void;
  /** Of a device or pipe, or of a file by one of its names. Nothing is done to a symbolic link. */
  other(folder: Folder, name: ByteString, attributes: Attributes): void;
  xattrs(folder: Folder, name: ByteString, xattrs: ReadonlyMap<string, Uint8Array>): void;
  times(folder: Folder, name: ByteString, atime: Time, mtime: Time): void;
}

export function createSetAttributes(options: SetAttributesOptions): SetAttributes {
  const { tree, sys, ownership, isRoot } = options;

  function own({ uid, gid }: Stats, wanted: Attributes, call: () => void): void {
    if (ownership === "none" || (uid === wanted.uid && gid === wanted.gid)) return;
    try {
      call();
    } catch (error) {
      const errno = errnoOf(error) ?? "";
      // EINVAL: an id that this user namespace does not have.
      if (ownership === "try" && ["EPERM", "EINVAL"].includes(errno)) return;
      throw (errno === "EINVAL" ? missingOwner(wanted) : undefined) ?? error;
    }
  }

  /** Whether a change of owner, which takes set-id bits away, may have come before. */
  function modeDiffers(stats: Stats, wanted: Attributes): boolean {
    const changedOwner = ownership !== "none" && (stats.uid !== wanted.uid || stats.gid !== wanted.gid);
    return (stats.mode & permissions) !== wanted.mode || (changedOwner && (wanted.mode & 0o6000) !== 0);
  }

  function times(folder: Folder, name: ByteString, atime: Time, mtime: Time): void {
    const needsSys = !isWhole(atime) || !isWhole(mtime) || atime.seconds < 0 || mtime.seconds < 0;
    if (needsSys && sys !== undefined) {
      sys.utimesAt(tree.descriptor(folder), toPath(name), atime, mtime);
    } else {
      lutimesSync(tree.at(folder, name), inSeconds(atime), inSeconds(mtime));
    }
  }

  function xattrs(folder: Folder, name: ByteString, values: ReadonlyMap<string, Uint8Array>): void {
    if (values.size === 0 || options.xattrs === "skip") return;
    for (const [key, value] of values) {
      if (isLeftOut(key)) continue;
      const calls = sys ?? requireSys("set extended attributes");
      try {
        calls.setXattr(tree.at(folder, name), key, value);
      } catch (error) {
        const errno = errnoOf(error) ?? "";
        const isRefused = errno === "ENOTSUP" || errno === "EOPNOTSUPP" || (errno === "EPERM" && !isRoot);
        if (!isRefused) throw error;
      }
    }
  }

  return {
    times,
    xattrs,
    file(fd, folder, name, attributes) {
      const stats = fstatSync(fd);
      own(stats, attributes, () => fchownSync(fd, attributes.uid, attributes.gid));
      if (modeDiffers(stats, attributes)) fchmodSync(fd, attributes.mode);
      const { atime, mtime } = attributes;
      if (isWhole(atime) && isWhole(mtime)) futimesSync(fd, atime.seconds, mtime.seconds);
      else times(folder, name, atime, mtime);
      xattrs(folder, name, attributes.xattrs);
    },
    folder(path, attributes, open) {
      const now = { ...attributes, mode: attributes.mode | folderNeeds };
      const stats = lstatSync(path);
      own(stats, attributes, () => lchownSync(path, attributes.uid, attributes.gid));
      if (modeDiffers(stats, now)) fchmodSync(open(), now.mode);
      return now.mode === attributes.mode ? undefined : attributes.mode;
    },
    symlink(folder, name, attributes) {
      const path = tree.at(folder, name);
      own(lstatSync(path), attributes, () => lchownSync(path, attributes.uid, attributes.gid));
      times(folder, name, attributes.atime, attributes.mtime);
      xattrs(folder, name, attributes.xattrs);
    },
    other(folder, name, attributes) {
      const path = tree.at(folder, name);
      const stats = lstatSync(path);
      if (stats.isSymbolicLink()) return;
      own(stats, attributes, () => lchownSync(path, attributes.uid, attributes.gid));
      if (modeDiffers(stats, attributes)) chmodByHandle(path, attributes.mode);
      times(folder, name, attributes.atime, attributes.mtime);
      xattrs(folder, name, attributes.xattrs);
    },
  };
}

/** There is no chmod that follows no link, but one by the descriptor of what was opened without following any. */
function chmodByHandle(path: string | Buffer, mode: number): void {
  const fd = openSync(path, openFlags.path | constants.O_NOFOLLOW);
  try {
    chmodSync(`/proc/self/fd/${fd}`, mode);
  } finally {
    closeSync(fd);
  }
}

/** What names mean to overlayfs, or to the machine that the image was made on. */
function isLeftOut(key: string): boolean {
  return key === "security.selinux" || key.startsWith("trusted.overlay.") || key.startsWith("user.overlay.");
}

function isWhole({ nanoseconds }: Time): boolean {
  return nanoseconds === 0;
}

function inSeconds({ seconds, nanoseconds }: Time): number {
  return seconds + nanoseconds / 1e9;
}
