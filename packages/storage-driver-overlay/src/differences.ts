import type { BigIntStats } from "node:fs";
import type { Sys } from "@drayage/sys";
import { type BytePath, fsPath } from "./byte-path.ts";
import { type MergedEntry, readLink } from "./merged-view.ts";

/** Whether anything but the content tells two files apart: the rules of `compareTrees` in @drayage/pack. */
export function isDifferent(sys: Sys, newer: MergedEntry, older: MergedEntry): boolean {
  const [a, b] = [newer.stats, older.stats];
  return (
    a.mode !== b.mode ||
    a.uid !== b.uid ||
    a.gid !== b.gid ||
    a.rdev !== b.rdev ||
    !isSameTime(a.mtimeNs, b.mtimeNs) ||
    (!a.isDirectory() && a.size !== b.size) ||
    (a.isSymbolicLink() && readLink(placeOf(newer)) !== readLink(placeOf(older))) ||
    xattrsOf(sys, placeOf(newer)) !== xattrsOf(sys, placeOf(older))
  );
}

export function isSameType(newer: BigIntStats, older: BigIntStats): boolean {
  return (newer.mode & typeBits) === (older.mode & typeBits);
}

const typeBits = 0o170000n;

function placeOf(entry: MergedEntry): BytePath {
  return entry.kind === "file" ? entry.place : (entry.places[0] ?? "");
}

const second = 1_000_000_000n;

/** What was unpacked from a tar without fractions of seconds is as old as what it was made of. */
function isSameTime(newer: bigint, older: bigint): boolean {
  if (newer === older) return true;
  const [a, b] = [modulo(newer), modulo(older)];
  return (a === 0n || b === 0n) && newer - a === older - b;
}

function modulo(time: bigint): bigint {
  return ((time % second) + second) % second;
}

/** Those that are part of a layer, as one text. */
function xattrsOf(sys: Sys, path: BytePath): string {
  return sys
    .listXattrs(fsPath(path))
    .map((name) => Buffer.from(name).toString("latin1"))
    .filter(
      (name) =>
        name === "security.capability" || (name.startsWith("user.") && !name.startsWith("user.overlay.")),
    )
    .sort()
    .map(
      (name) =>
        `${name}=${Buffer.from(sys.getXattr(fsPath(path), Buffer.from(name, "latin1")) ?? []).toString("hex")}`,
    )
    .join("\n");
}
