import type { BigIntStats } from "node:fs";
import type { TarEntryType } from "@drayage/tar";

/** What layers depend on of all that lstat(2) says. `BigIntStats` of node:fs has it. */
export type FileStats = Readonly<
  Pick<
    BigIntStats,
    "mode" | "uid" | "gid" | "rdev" | "size" | "dev" | "ino" | "nlink" | "mtimeNs" | "ctimeNs"
  >
>;

/** `S_IFMT` of inode(7). */
const typeMask = 0o170000n;
const types: ReadonlyMap<bigint, TarEntryType | "socket"> = new Map([
  [0o100000n, "file"],
  [0o040000n, "directory"],
  [0o120000n, "symlink"],
  [0o020000n, "character"],
  [0o060000n, "block"],
  [0o010000n, "fifo"],
  [0o140000n, "socket"],
] as const);

/** The type of a file; undefined for one that no tar knows. */
export function fileType({ mode }: Pick<FileStats, "mode">): TarEntryType | "socket" | undefined {
  return types.get(mode & typeMask);
}

/**
 * Makes small copies, for whoever keeps those of very many files: a `BigIntStats` takes 1 KB, one of these a fifth. What a file has in
 * common with the one before, such as its owner, they share.
 */
export function statsKeeper(): (stats: FileStats) => FileStats {
  let last: FileStats | undefined;
  return (stats) => {
    const shared = (name: keyof FileStats): bigint =>
      last !== undefined && last[name] === stats[name] ? last[name] : stats[name];
    last = {
      mode: shared("mode"),
      uid: shared("uid"),
      gid: shared("gid"),
      rdev: shared("rdev"),
      size: shared("size"),
      dev: shared("dev"),
      ino: stats.ino,
      nlink: shared("nlink"),
      mtimeNs: shared("mtimeNs"),
      ctimeNs: shared("ctimeNs"),
    };
    return last;
  };
}
