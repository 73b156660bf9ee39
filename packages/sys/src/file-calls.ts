import { constants } from "node:fs";
import type { Kernel } from "./kernel.ts";
import { dataLimit } from "./memory.ts";
import type { FileTime, Sys } from "./sys.ts";
import { errnoNumber, systemError } from "./system-error.ts";

type FileCalls = Pick<
  Sys,
  | "openInRoot"
  | "openAt"
  | "mkdirAt"
  | "mknodAt"
  | "symlinkAt"
  | "linkAt"
  | "unlinkAt"
  | "readlinkAt"
  | "chownAt"
  | "chmodAt"
  | "utimesAt"
  | "renameAt"
  | "umask"
>;

const O_CLOEXEC = 0o2000000;
/** The bit that O_TMPFILE has beside O_DIRECTORY's. */
const O_TMPFILE = 0o20000000;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;
const renameFlags = { replace: 0, "no-replace": 1, exchange: 2 } as const;
const invalid = errnoNumber("EINVAL");
const again = errnoNumber("EAGAIN");
/** How often a path is looked up again that somebody renames a part of meanwhile. */
const lookups = 100;

export function fileCalls({ call, memory }: Kernel): FileCalls {
  return {
    openInRoot(folder, path, flags, mode = 0o666) {
      const name = memory.name(0, path, "openat2");
      // struct open_how. The kernel refuses a mode where no file can be made.
      const makes = (flags & (constants.O_CREAT | O_TMPFILE)) !== 0;
      const how = memory.int64s(
        (flags | O_CLOEXEC) >>> 0,
        makes ? mode : 0,
        RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
      );
      let result = again;
      for (let tries = 0; result === again && tries < lookups; tries++) {
        result = call("openat2", folder, name, how, 24);
      }
      if (result < 0) throw systemError(result, "openat2", { path });
      return result;
    },
    openAt(folder, name, flags, mode = 0o666) {
      const result = call("openat", folder, memory.name(0, name, "openat"), flags | O_CLOEXEC, mode);
      if (result < 0) throw systemError(result, "openat", { path: name });
      return result;
    },
    mkdirAt(folder, name, mode) {
      const result = call("mkdirat", folder, memory.name(0, name, "mkdirat"), mode);
      if (result < 0) throw systemError(result, "mkdirat", { path: name });
    },
    mknodAt(folder, name, mode, device = { major: 0, minor: 0 }) {
      const { major, minor } = device;
      // What the kernel keeps: 12 and 20 bits. It would cut larger ones.
      const fits = isWithin(major, 0xfff) && isWithin(minor, 0xfffff);
      const number = (minor & 0xff) | (major << 8) | ((minor & 0xfff00) << 12);
      const result = fits
        ? call("mknodat", folder, memory.name(0, name, "mknodat"), mode, number >>> 0)
        : invalid;
      if (result < 0) throw systemError(result, "mknodat", { path: name });
    },
    symlinkAt(target, folder, name) {
      const from = memory.name(0, target, "symlinkat");
      const result = call("symlinkat", from, folder, memory.name(1, name, "symlinkat"));
      if (result < 0) throw systemError(result, "symlinkat", { path: target, dest: name });
    },
    linkAt(fromFolder, from, folder, name) {
      const old = memory.name(0, from, "linkat");
      const result = call("linkat", fromFolder, old, folder, memory.name(1, name, "linkat"), 0);
      if (result < 0) throw systemError(result, "linkat", { path: from, dest: name });
    },
    unlinkAt(folder, name, options) {
      const flags = options?.folder === true ? AT_REMOVEDIR : 0;
      const result = call("unlinkat", folder, memory.name(0, name, "unlinkat"), flags);
      if (result < 0) throw systemError(result, "unlinkat", { path: name });
    },
    readlinkAt(folder, name) {
      const result = call("readlinkat", folder, memory.name(0, name, "readlinkat"), memory.data, dataLimit);
      if (result < 0) throw systemError(result, "readlinkat", { path: name });
      return memory.takeData(result);
    },
    chownAt(folder, name, uid, gid) {
      const result =
        isOwner(uid) && isOwner(gid)
          ? call("fchownat", folder, memory.name(0, name, "fchownat"), uid, gid, AT_SYMLINK_NOFOLLOW)
          : invalid;
      if (result < 0) throw systemError(result, "fchownat", { path: name });
    },
    chmodAt(folder, name, mode) {
      const result = call("fchmodat", folder, memory.name(0, name, "fchmodat"), mode);
      if (result < 0) throw systemError(result, "fchmodat", { path: name });
    },
    utimesAt(folder, name, atime, mtime) {
      const valid = isTime(atime) && isTime(mtime);
      const result = valid
        ? call(
            "utimensat",
            folder,
            memory.name(0, name, "utimensat"),
            memory.int64s(atime.seconds, atime.nanoseconds, mtime.seconds, mtime.nanoseconds),
            AT_SYMLINK_NOFOLLOW,
          )
        : invalid;
      if (result < 0) throw systemError(result, "utimensat", { path: name });
    },
    renameAt(fromFolder, from, folder, name, how = "replace") {
      const old = memory.name(0, from, "renameat2");
      const to = memory.name(1, name, "renameat2");
      const result = call("renameat2", fromFolder, old, folder, to, renameFlags[how]);
      if (result < 0) throw systemError(result, "renameat2", { path: from, dest: name });
    },
    umask: (mask) => call("umask", mask),
  };
}

/** The largest number of 32 bits means "as it is". */
function isOwner(id: number): boolean {
  return isWithin(id, 0xfffffffe);
}

/** Two numbers of nanoseconds beyond a second mean "now" and "as it is". */
function isTime({ seconds, nanoseconds }: FileTime): boolean {
  return Number.isSafeInteger(seconds) && isWithin(nanoseconds, 999_999_999);
}

function isWithin(value: number, largest: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= largest;
}
