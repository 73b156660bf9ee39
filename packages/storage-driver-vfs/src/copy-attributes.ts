import type { BigIntStats } from "node:fs";
import { errnoOf } from "@drayage/errors";
import { type Folder, formatOverrideStat, type OverrideStat, overrideStatXattr } from "@drayage/pack";
import type { FileTime, Sys } from "@drayage/sys";
import { deviceParts } from "./device.ts";
import { nameBytes } from "./names.ts";
import type { Ownership } from "./ownership.ts";

/** Gives copies what their originals have beside content: owner, attributes, mode, times, in this order. */
export interface AttributeCopier {
  /** To the copy of something in a folder. */
  toName(source: Folder, target: number, file: { readonly name: string; readonly stats: BigIntStats }): void;
  /** To the copy of the folder itself, once nothing more is added to it. */
  toFolder(source: Folder, target: number): void;
}

export function attributeCopier(sys: Sys, ownership: Ownership): AttributeCopier {
  function copy(
    source: Folder,
    target: number,
    { name, stats }: { readonly name: string; readonly stats: BigIntStats },
  ): void {
    const own = nameBytes(name);
    const path = `/proc/self/fd/${target}/`;
    const to = typeof own === "string" ? `${path}${own}` : Buffer.concat([Buffer.from(path), own]);
    if (ownership.kind === "real") changeOwner(target, own, stats, ownership.ignoreErrors);
    const names = copyXattrs(sys, source.at(name), to);
    let mode = Number(stats.mode & 0o7777n);
    if (ownership.kind === "attribute" && !stats.isSymbolicLink()) {
      if (!names.has(overrideStatXattr)) {
        // A tree that was not made this way.
        sys.setXattr(to, overrideStatXattr, formatOverrideStat(overrideOf(stats)));
        mode = ownership.mode;
      }
    }
    if (!stats.isSymbolicLink()) sys.chmodAt(target, own, mode);
    sys.utimesAt(target, own, timeOf(stats.atimeNs), timeOf(stats.mtimeNs));
  }

  function changeOwner(
    target: number,
    name: string | Uint8Array,
    { uid, gid }: BigIntStats,
    ignoreErrors: boolean,
  ): void {
    try {
      sys.chownAt(target, name, Number(uid), Number(gid));
    } catch (error) {
      if (!ignoreErrors || !["EPERM", "EINVAL"].includes(errnoOf(error) ?? "")) throw error;
    }
  }

  return {
    toName: copy,
    toFolder(source, target) {
      const stats = source.stat(".");
      if (stats !== undefined) copy(source, target, { name: ".", stats });
    },
  };
}

/** Copies what the file system and the kernel take. Gives the names of all. */
function copyXattrs(sys: Sys, from: string | Buffer, to: string | Buffer): ReadonlySet<string> {
  const copied = new Set<string>();
  for (const raw of list(sys, from)) {
    const name = Buffer.from(raw).toString("latin1");
    // The copy has the label of its place.
    if (name === "security.selinux") continue;
    const value = sys.getXattr(from, raw);
    if (value === undefined) continue;
    try {
      sys.setXattr(to, raw, value);
      copied.add(name);
    } catch (error) {
      // The kernel lets only some processes set some of them: what cannot be set is left out, as when a layer is unpacked.
      if (!["ENOTSUP", "EOPNOTSUPP", "EPERM"].includes(errnoOf(error) ?? "")) throw error;
    }
  }
  return copied;
}

function list(sys: Sys, path: string | Buffer): readonly Uint8Array[] {
  try {
    return sys.listXattrs(path);
  } catch (error) {
    if (["ENOTSUP", "EOPNOTSUPP"].includes(errnoOf(error) ?? "")) return [];
    throw error;
  }
}

function overrideOf(stats: BigIntStats): OverrideStat {
  return {
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mode: Number(stats.mode & 0o7777n),
    type: kindOf(stats),
    ...deviceParts(stats.rdev),
  };
}

function kindOf(stats: BigIntStats): OverrideStat["type"] {
  if (stats.isDirectory()) return "directory";
  if (stats.isBlockDevice()) return "block";
  if (stats.isCharacterDevice()) return "character";
  if (stats.isFIFO()) return "fifo";
  if (stats.isSocket()) return "socket";
  return "file";
}

const billion = 1_000_000_000n;

function timeOf(nanoseconds: bigint): FileTime {
  const rest = ((nanoseconds % billion) + billion) % billion;
  return { seconds: Number((nanoseconds - rest) / billion), nanoseconds: Number(rest) };
}
