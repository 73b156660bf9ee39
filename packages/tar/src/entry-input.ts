import { DrayageError } from "@drayage/errors";
import { type TarEntryType, type TarFormat, typeflagOf } from "./header.ts";
import { libarchiveXattr, schilyXattr } from "./pax.ts";
import { quoteName } from "./problem.ts";
import { type ByteString, encodeText, toByteString } from "./text.ts";
import { roundToSecond, type TarTime } from "./time.ts";

/** What a header is made of. A decoded `TarHeader` can be given as it is. */
export interface TarEntryInput {
  /** The name as text. A directory's ends in a slash by custom; nothing is added here. */
  readonly name?: string | undefined;
  /** The name as bytes; where given, it is what counts. */
  readonly rawName?: Uint8Array | undefined;
  /** By default a file, or a directory where the name ends in a slash. */
  readonly type?: TarEntryType | undefined;
  /** One character; where given, it is what counts. U+0000 is taken for a file or directory as above. */
  readonly typeflag?: string | undefined;
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly size?: number | undefined;
  /** Without it, 1970-01-01 is written. */
  readonly mtime?: TarTime | undefined;
  /** Access time; written with the formats `pax` and `gnu` only. */
  readonly atime?: TarTime | undefined;
  /** Change time; written with the formats `pax` and `gnu` only. */
  readonly ctime?: TarTime | undefined;
  readonly linkname?: string | undefined;
  /** The link's target as bytes; where given, it is what counts. */
  readonly rawLinkname?: Uint8Array | undefined;
  readonly uname?: string | undefined;
  readonly gname?: string | undefined;
  readonly devmajor?: number | undefined;
  readonly devminor?: number | undefined;
  /** Extended attributes, written as `SCHILY.xattr.` records. Where given, records of `pax` for such attributes are left out. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array> | undefined;
  /** More PAX records. Those for a field of the header are written only where they say what the field says. */
  readonly pax?: ReadonlyMap<string, Uint8Array> | undefined;
  /**
   * `ustar`, `pax` or `gnu`: only this one, where `pax` allows `ustar` if it loses nothing. All else, and by
   * default: the first of the three that can express the entry, its mtime rounded to a second, without atime and ctime.
   */
  readonly format?: TarFormat | undefined;
}

/** An entry to be written, checked and complete, with its strings as the bytes that they will be. */
export interface Encodable {
  readonly name: ByteString;
  readonly linkname: ByteString;
  readonly uname: ByteString;
  readonly gname: ByteString;
  readonly typeflag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: TarTime | undefined;
  readonly atime: TarTime | undefined;
  readonly ctime: TarTime | undefined;
  readonly devmajor: number;
  readonly devminor: number;
  /** Extended attributes as PAX records. */
  readonly xattrs: ReadonlyMap<ByteString, ByteString>;
  readonly pax: ReadonlyMap<ByteString, ByteString>;
  /** The one format that is asked for. */
  readonly format: "ustar" | "pax" | "gnu" | undefined;
}

/** Checks an entry and fills in what it leaves out. Throws `ERR_DRAYAGE_USAGE`. */
export function toEncodable(entry: TarEntryInput): Encodable {
  const name = byteString(entry.rawName ?? entry.name ?? "");
  const refuse = (why: string): DrayageError => cannotWrite(entry, why);
  const format =
    entry.format === "ustar" || entry.format === "pax" || entry.format === "gnu" ? entry.format : undefined;
  const mtime = time("mtime");
  return {
    name,
    linkname: byteString(entry.rawLinkname ?? entry.linkname ?? ""),
    uname: byteString(entry.uname ?? ""),
    gname: byteString(entry.gname ?? ""),
    typeflag: chooseTypeflag(entry, name, refuse),
    mode: integer("mode"),
    uid: integer("uid"),
    gid: integer("gid"),
    size: integer("size"),
    mtime: format === undefined && mtime !== undefined ? roundToSecond(mtime) : mtime,
    atime: format === undefined ? undefined : time("atime"),
    ctime: format === undefined ? undefined : time("ctime"),
    devmajor: integer("devmajor"),
    devminor: integer("devminor"),
    xattrs: xattrRecords(entry.xattrs),
    pax: paxRecords(entry),
    format,
  };

  function integer(key: "mode" | "uid" | "gid" | "size" | "devmajor" | "devminor"): number {
    const value = entry[key] ?? 0;
    if (!Number.isSafeInteger(value)) throw refuse(`its ${key}, ${value}, is no integer up to 2^53`);
    return value;
  }

  function time(key: "mtime" | "atime" | "ctime"): TarTime | undefined {
    const value = entry[key];
    if (value === undefined) return undefined;
    const { seconds, nanoseconds } = value;
    const isValid =
      Number.isSafeInteger(seconds) && Number.isInteger(nanoseconds) && nanoseconds >= 0 && nanoseconds < 1e9;
    if (!isValid) throw refuse(`its ${key}, ${seconds} seconds and ${nanoseconds} nanoseconds, is no time`);
    return value;
  }
}

/** The error for an entry that no header can be made of. */
export function cannotWrite(entry: Pick<TarEntryInput, "name" | "rawName">, why: string): DrayageError {
  const name = entry.name ?? new TextDecoder().decode(entry.rawName ?? new Uint8Array());
  return new DrayageError("ERR_DRAYAGE_USAGE", `cannot write the tar entry ${quoteName(name)}: ${why}`);
}

function chooseTypeflag(
  entry: TarEntryInput,
  name: ByteString,
  refuse: (why: string) => DrayageError,
): string {
  const byName = name.endsWith("/") ? "5" : "0";
  const typeflag = entry.typeflag ?? (entry.type === undefined ? byName : typeflagOf(entry.type));
  if (entry.type === "sparse" || typeflag === "S") throw refuse("sparse files are not written");
  if (typeflag === undefined || typeflag.length !== 1 || typeflag > "\u007f")
    throw refuse("its typeflag is not one ASCII character");
  if (typeflag === "x" || typeflag === "L" || typeflag === "K") {
    throw refuse(`headers of the typeflag ${typeflag} are made where they are needed, not by hand`);
  }
  return typeflag === "\0" ? byName : typeflag;
}

function byteString(value: string | Uint8Array): ByteString {
  if (typeof value !== "string") return toByteString(value);
  return /\P{ASCII}/u.test(value) ? toByteString(encodeText(value)) : value;
}

function xattrRecords(xattrs: ReadonlyMap<string, Uint8Array> | undefined): Map<ByteString, ByteString> {
  const records = new Map<ByteString, ByteString>();
  for (const [key, value] of xattrs ?? []) records.set(byteString(schilyXattr + key), toByteString(value));
  return records;
}

function paxRecords({ pax, xattrs }: TarEntryInput): Map<ByteString, ByteString> {
  const records = new Map<ByteString, ByteString>();
  for (const [key, value] of pax ?? []) {
    const isXattr = key.startsWith(schilyXattr) || key.startsWith(libarchiveXattr);
    if (xattrs !== undefined && isXattr) continue;
    records.set(byteString(key), toByteString(value));
  }
  return records;
}
