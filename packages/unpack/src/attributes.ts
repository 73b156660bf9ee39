import type { TarHeader, TarTime } from "@drayage/tar";
import type { MapId } from "./id-map.ts";
import type { Attributes } from "./unpacked.ts";

const epoch: TarTime = { seconds: 0, nanoseconds: 0 };
/** What Go counts in nanoseconds of 63 bits. containers/storage takes what is later, or before 1970, for 1970. */
const latest = 9_223_372_036;

/** What is set for an entry: containers/storage's rules. */
export function attributesOf(
  header: TarHeader,
  ids: { readonly user: MapId; readonly group: MapId },
): Attributes {
  const mtime = header.type === "symlink" ? header.mtime : sane(header.mtime);
  const atime = header.atime === undefined ? epoch : sane(header.atime);
  return {
    mode: header.mode & 0o7777,
    uid: ids.user(header.uid),
    gid: ids.group(header.gid),
    atime: header.type === "directory" || isLater(atime, mtime) ? atime : mtime,
    mtime,
    xattrs: withoutEmpty(header.xattrs),
  };
}

/** A PAX record without a value takes back what was said before: it is no empty attribute. */
function withoutEmpty(xattrs: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  const isGiven = ([, value]: readonly [string, Uint8Array]): boolean => value.length > 0;
  return xattrs.size === 0 ? xattrs : new Map([...xattrs].filter(isGiven));
}

function sane(time: TarTime): TarTime {
  return time.seconds < 0 || time.seconds > latest ? epoch : time;
}

function isLater(a: TarTime, b: TarTime): boolean {
  return a.seconds > b.seconds || (a.seconds === b.seconds && a.nanoseconds > b.nanoseconds);
}

const types: Partial<Record<TarHeader["type"], string>> = {
  directory: "dir",
  symlink: "symlink",
  fifo: "pipe",
  character: "char",
  block: "block",
};

/** The value of `user.containers.override_stat`, as containers/storage and fuse-overlayfs read it. */
export function overrideStat(
  { mode, uid, gid }: Pick<Attributes, "mode" | "uid" | "gid">,
  { type, devmajor, devminor }: Pick<TarHeader, "type" | "devmajor" | "devminor">,
): Uint8Array {
  const name = types[type] ?? "file";
  const device = type === "character" || type === "block" ? `-${devmajor}-${devminor}` : "";
  return Buffer.from(`${overrideOwner({ uid, gid, mode })}:${name}${device}`);
}

/** The part of it before the type. */
export function overrideOwner({ uid, gid, mode }: Pick<Attributes, "mode" | "uid" | "gid">): string {
  return `${uid}:${gid}:${mode.toString(8).padStart(4, "0")}`;
}
