import type { TarEntryInput, TarEntryType, TarTime } from "@drayage/tar";
import { type ByteString, bytesOf, textOf } from "./byte-string.ts";
import { deviceOf } from "./device.ts";
import { type FileStats, fileType } from "./file-stats.ts";
import { type Owner, toContainer, unmapped } from "./id-maps.ts";
import type { PackOptions } from "./options.ts";
import { type OverrideStat, overrideStatXattr, parseOverrideStat } from "./override-stat.ts";
import type { OwnerNames } from "./owner-names.ts";
import { nearestSecond, wholeSecond } from "./time.ts";

/** What is the same for all entries of a tar. */
export interface EntrySettings {
  readonly options: PackOptions;
  /** Where the dialect has the names of owners. */
  readonly names: OwnerNames | undefined;
}

/** What is known of a file before its header is made. */
export interface FileFacts {
  readonly path: ByteString;
  readonly stats: FileStats;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** Of a symbolic link. */
  readonly target: ByteString | undefined;
}

/** A tar's entry, with its name as the bytes that it has. */
export type Entry = TarEntryInput & { readonly rawName: Uint8Array; readonly type: TarEntryType };

/** The entry of a file; undefined for one that no tar holds: a socket. @throws `ERR_DRAYAGE_USAGE` for an owner that the maps lack */
export function entryOf(facts: FileFacts, settings: EntrySettings): Entry | undefined {
  const { path, stats, target } = facts;
  const { options, names } = settings;
  const { xattrs, override } = splitOverride(facts.xattrs, options);
  const type = override?.type ?? fileType(stats);
  if (type === undefined || type === "socket") return undefined;
  const owner = ownerOf(facts, override, options);
  const permissions = override?.mode ?? Number(stats.mode & 0o7777n);
  return {
    rawName: bytesOf(type === "directory" && options.dialect !== "copier" ? `${path}/` : path),
    type,
    mode: options.dialect === "1.43" ? permissions | typeBits[type] : permissions,
    ...owner,
    ...(options.owner === undefined &&
      names !== undefined && { uname: names.user(owner.uid), gname: names.group(owner.gid) }),
    size: type === "file" ? Number(stats.size) : 0,
    mtime: timeOf(stats, options),
    ...(target !== undefined && { rawLinkname: bytesOf(target) }),
    ...deviceFields(type, stats, override),
    xattrs,
  };
}

function splitOverride(
  xattrs: ReadonlyMap<string, Uint8Array>,
  { overrideStat }: PackOptions,
): { xattrs: ReadonlyMap<string, Uint8Array>; override: OverrideStat | undefined } {
  const value = overrideStat === true ? xattrs.get(overrideStatXattr) : undefined;
  const override = value && parseOverrideStat(value);
  if (override === undefined) return { xattrs, override };
  return { xattrs: new Map([...xattrs].filter(([name]) => name !== overrideStatXattr)), override };
}

function ownerOf(
  { path, stats }: FileFacts,
  override: OverrideStat | undefined,
  options: PackOptions,
): Owner {
  if (options.owner !== undefined) return { uid: options.owner.uid, gid: options.owner.gid };
  // What an attribute keeps is the owner in the archive already.
  if (override !== undefined) return { uid: override.uid, gid: override.gid };
  const owner = { uid: Number(stats.uid), gid: Number(stats.gid) };
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name.startsWith(".wh.")) return owner;
  const inside = toContainer(owner, options);
  if (inside === undefined) throw unmapped(textOf(path), owner);
  return inside;
}

function timeOf({ mtimeNs }: FileStats, { time, latest, dialect }: PackOptions): TarTime {
  if (time !== undefined) return { seconds: time.seconds, nanoseconds: 0 };
  const own = dialect === "copier" ? nearestSecond(mtimeNs) : wholeSecond(mtimeNs);
  return latest !== undefined && own.seconds > latest.seconds
    ? { seconds: latest.seconds, nanoseconds: 0 }
    : own;
}

function deviceFields(
  type: TarEntryType,
  stats: FileStats,
  override: OverrideStat | undefined,
): Pick<TarEntryInput, "devmajor" | "devminor"> {
  if (type !== "block" && type !== "character") return {};
  const { major, minor } = override ?? deviceOf(stats.rdev);
  return { devmajor: major, devminor: minor };
}

/** `S_IFMT` of inode(7). */
const typeBits: Readonly<Record<TarEntryType, number>> = {
  file: 0o100000,
  link: 0o100000,
  sparse: 0o100000,
  symlink: 0o120000,
  character: 0o020000,
  block: 0o060000,
  directory: 0o040000,
  fifo: 0o010000,
  other: 0,
};
