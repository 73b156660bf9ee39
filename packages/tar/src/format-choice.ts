import { type FieldName, fields } from "./block.ts";
import { cannotWrite, type Encodable } from "./entry-input.ts";
import { isHeaderOnly } from "./header.ts";
import { fitsBase256, fitsOctal } from "./numbers.ts";
import { gnuSparse, headerKeywords } from "./pax.ts";
import { type ByteString, fromByteString } from "./text.ts";
import { formatPaxTime, type TarTime } from "./time.ts";
import { isPlainAscii, splitUstarName } from "./ustar-name.ts";

type WritableFormat = "ustar" | "pax" | "gnu";

export interface FormatPlan {
  readonly format: WritableFormat;
  /** What goes into a PAX header, if that is the format. */
  readonly records: ReadonlyMap<ByteString, ByteString>;
}

/**
 * The format that an entry is written in, and its PAX records: of ustar, PAX and GNU the first that can express it,
 * as Go's archive/tar chooses. Throws `ERR_DRAYAGE_USAGE` where none can, or not the one that is asked for.
 */
export function planFormat(header: Encodable): FormatPlan {
  const refuse = (why: string): Error => cannotWrite({ rawName: fromByteString(header.name) }, why);
  /** Why a format is out; the last reason counts. */
  const reasons = new Map<WritableFormat, string>();
  const records = new Map<ByteString, ByteString>();
  let losesInUstar = false;

  string("name", "path");
  string("linkname", "linkpath");
  string("uname", "uname");
  string("gname", "gname");
  number("mode");
  number("uid", "uid");
  number("gid", "gid");
  number("size", "size");
  number("devmajor");
  number("devminor");
  time("mtime", header.mtime);
  time("atime", header.atime);
  time("ctime", header.ctime);
  checkType();
  addRecords();

  const allowed: readonly WritableFormat[] =
    header.format === undefined
      ? ["ustar", "pax", "gnu"]
      : header.format === "pax" && !losesInUstar
        ? ["ustar", "pax"]
        : [header.format];
  const format = allowed.find((candidate) => !reasons.has(candidate));
  if (format !== undefined) return { format, records };
  throw refuse(allowed.map((candidate) => `${candidate} cannot hold ${reasons.get(candidate)}`).join("; "));

  function string(key: "name" | "linkname" | "uname" | "gname", keyword: string): void {
    const value = header[key];
    const tooLong = value.length > fields[key].length;
    const isLink = key === "name" || key === "linkname";
    if (value.includes("\0") || (tooLong && !isLink)) reasons.set("gnu", `its ${key}`);
    if (tooLong || !isPlainAscii(value)) {
      if (key !== "name" || splitUstarName(value) === undefined) reasons.set("ustar", `its ${key}`);
      records.set(keyword, value);
    }
    keepEqualRecord(keyword, value);
  }

  function number(key: "mode" | "uid" | "gid" | "size" | "devmajor" | "devminor", keyword?: string): void {
    const value = header[key];
    const { length } = fields[key];
    if (!fitsBase256(length, value)) reasons.set("gnu", `its ${key}, ${value}`);
    if (!fitsOctal(length, value)) {
      reasons.set("ustar", `its ${key}, ${value}`);
      if (keyword === undefined) reasons.set("pax", `its ${key}, ${value}`);
      else records.set(keyword, String(value));
    }
    if (keyword !== undefined) keepEqualRecord(keyword, String(value));
  }

  function time(key: "mtime" | "atime" | "ctime", value: TarTime | undefined): void {
    if (value === undefined) return;
    const field: FieldName = key === "mtime" ? "mtime" : key === "atime" ? "gnuAtime" : "gnuCtime";
    const { length } = fields[field];
    const fits = key === "mtime" && fitsOctal(length, value.seconds);
    if (!fitsBase256(length, value.seconds)) reasons.set("gnu", `its ${key}`);
    if (!fits) reasons.set("ustar", `its ${key}`);
    const text = formatPaxTime(value);
    if (!fits || value.nanoseconds !== 0) {
      losesInUstar = true;
      records.set(key, text);
    }
    keepEqualRecord(key, text);
  }

  /** A record that the caller gives for a field of the header is kept where it says the same. */
  function keepEqualRecord(keyword: string, value: ByteString): void {
    if (header.pax.get(keyword) === value) records.set(keyword, value);
  }

  function checkType(): void {
    if (/^[0346]$/.test(header.typeflag) && header.name.endsWith("/"))
      throw refuse("a slash ends the name of what is no directory");
    if (!isHeaderOnly(header.typeflag) && header.size < 0)
      throw refuse(`its size is negative, ${header.size}`);
    if (header.typeflag === "g") onlyPax("a global header");
  }

  function addRecords(): void {
    if (header.xattrs.size > 0) onlyPax("extended attributes");
    for (const [key, value] of header.xattrs) records.set(key, value);
    if (header.pax.size > 0) onlyPax("PAX records");
    for (const [key, value] of header.pax) {
      const isOwn = headerKeywords.has(key) || key.startsWith(gnuSparse);
      if (!records.has(key) && (header.typeflag === "g" || !isOwn)) records.set(key, value);
    }
  }

  function onlyPax(what: string): void {
    reasons.set("ustar", what);
    reasons.set("gnu", what);
  }
}
