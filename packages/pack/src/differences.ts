import type { BigIntStats } from "node:fs";
import type { ByteString } from "./byte-string.ts";
import type { Folder } from "./folder.ts";
import { toContainer } from "./id-maps.ts";
import type { CompareOptions, OwnerMaps } from "./options.ts";
import type { ReadXattrs } from "./xattrs.ts";

/** Something in a folder that is open. */
export interface Place {
  readonly folder: Folder;
  readonly name: ByteString;
  readonly stats: BigIntStats;
}

export function isSameFile(newer: BigIntStats, older: BigIntStats): boolean {
  return newer.ino === older.ino && newer.dev === older.dev;
}

/** Whether anything but the content tells two files apart. */
export function isDifferent(
  newer: Place,
  older: Place,
  { options, readXattrs }: { readonly options: CompareOptions; readonly readXattrs: ReadXattrs },
): boolean {
  return (
    newer.stats.mode !== older.stats.mode ||
    ownerIn(newer.stats, options.newer) !== ownerIn(older.stats, options.older) ||
    newer.stats.rdev !== older.stats.rdev ||
    // The size of a folder says how many names it has had, and its time when one came or went: also one that is gone again.
    (!newer.stats.isDirectory() &&
      (newer.stats.size !== older.stats.size || !isSameTime(newer.stats.mtimeNs, older.stats.mtimeNs))) ||
    (newer.stats.isSymbolicLink() && newer.folder.link(newer.name) !== older.folder.link(older.name)) ||
    !areSameXattrs(readXattrs(newer.folder, newer.name), readXattrs(older.folder, older.name))
  );
}

/** Who owns a file inside; outside, where the maps do not have its owner. */
function ownerIn({ uid, gid }: BigIntStats, maps: OwnerMaps = {}): string {
  const outside = { uid: Number(uid), gid: Number(gid) };
  const owner = toContainer(outside, maps) ?? outside;
  return `${owner.uid}:${owner.gid}`;
}

const billion = 1_000_000_000n;

/** What was unpacked from a tar without fractions of seconds is as old as what it was made of. */
function isSameTime(newer: bigint, older: bigint): boolean {
  if (newer === older) return true;
  const [a, b] = [fraction(newer), fraction(older)];
  return (a === 0n || b === 0n) && newer - a === older - b;
}

function fraction(time: bigint): bigint {
  const rest = time % billion;
  return rest < 0n ? rest + billion : rest;
}

type Xattrs = ReadonlyMap<string, Uint8Array>;

function areSameXattrs(newer: Xattrs, older: Xattrs): boolean {
  if (newer.size === 0 && older.size === 0) return true;
  const compared = [...new Set([...newer.keys(), ...older.keys()])].filter((name) => name !== "security.ima");
  return compared.every((name) => isSameValue(newer.get(name), older.get(name)));
}

function isSameValue(newer: Uint8Array | undefined, older: Uint8Array | undefined): boolean {
  return newer !== undefined && older !== undefined && Buffer.compare(newer, older) === 0;
}
