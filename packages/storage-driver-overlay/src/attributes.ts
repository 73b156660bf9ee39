import { type BigIntStats, chmodSync, lchownSync } from "node:fs";
import { type FileTime, type Sys, workingFolder } from "@drayage/sys";
import { type BytePath, fsPath } from "./byte-path.ts";

const permissions = 0o7777;

/** Gives a file what another has but for its content: owner, mode, extended attributes, times. */
export function copyAttributes(
  sys: Sys,
  from: BytePath,
  { to, stats }: { to: BytePath; stats: BigIntStats },
): void {
  lchownSync(fsPath(to), Number(stats.uid), Number(stats.gid));
  if (!stats.isSymbolicLink()) chmodSync(fsPath(to), Number(stats.mode) & permissions);
  copyXattrs(sys, from, to);
  setTimes(sys, to, timesOf(stats));
}

/** All but those with which overlayfs marks a file of one layer, and the label of the machine's own policy. */
function copyXattrs(sys: Sys, from: BytePath, to: BytePath): void {
  for (const name of sys.listXattrs(fsPath(from))) {
    if (isMachineXattr(Buffer.from(name).toString("latin1"))) continue;
    const value = sys.getXattr(fsPath(from), name);
    if (value !== undefined) sys.setXattr(fsPath(to), name, value);
  }
}

/** Whether an attribute is overlayfs's own, or the machine's policy's, and no part of a layer. */
export function isMachineXattr(name: string): boolean {
  return /^(trusted|user)\.overlay\./.test(name) || name === "security.selinux";
}

export interface Times {
  readonly atime: FileTime;
  readonly mtime: FileTime;
}

export function timesOf({ atimeNs, mtimeNs }: BigIntStats): Times {
  return { atime: fileTime(atimeNs), mtime: fileTime(mtimeNs) };
}

/** Follows no link. */
export function setTimes(sys: Sys, path: BytePath, { atime, mtime }: Times): void {
  sys.utimesAt(workingFolder, fsPath(path), atime, mtime);
}

const second = 1_000_000_000n;

function fileTime(nanoseconds: bigint): FileTime {
  const rest = ((nanoseconds % second) + second) % second;
  return { seconds: Number((nanoseconds - rest) / second), nanoseconds: Number(rest) };
}
