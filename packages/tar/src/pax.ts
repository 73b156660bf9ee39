import { parseDecimal } from "./numbers.ts";
import { type ByteString, decodeText, fromByteString, toByteString } from "./text.ts";

/** The records of a PAX extended header by keyword. Values are raw bytes: extended attributes are binary. */
export type PaxRecords = ReadonlyMap<string, Uint8Array>;

/** The prefix of the keywords that hold extended attributes as raw bytes: `SCHILY.xattr.security.capability`. */
export const schilyXattr = "SCHILY.xattr.";
/** The prefix of libarchive's keywords: the name is URL-encoded, the value base64. */
export const libarchiveXattr = "LIBARCHIVE.xattr.";
/** The prefix of the keywords of GNU tar's sparse files. */
export const gnuSparse = "GNU.sparse.";

/** The keywords that stand for a field of the header. */
export const headerKeywords: ReadonlySet<string> = new Set([
  "path",
  "linkpath",
  "size",
  "uid",
  "gid",
  "uname",
  "gname",
  "mtime",
  "atime",
  "ctime",
]);

const space = 0x20;
const equals = 0x3d;
const newline = 0x0a;
const shortestRecord = 5;
const longestLengthField = 16;

export interface ParsedPax {
  readonly records: Map<string, Uint8Array>;
  /** The values of `GNU.sparse.offset` and `GNU.sparse.numbytes` in turn: sparse format 0.0 repeats these keywords. */
  readonly sparsePairs: readonly Uint8Array[];
}

/**
 * The records of a PAX body: `"%d %s=%s\n"` each, the number being the record's whole length in bytes.
 * The last of several with one keyword counts. Values are views of `body`.
 * A string instead says what is wrong.
 */
export function parsePaxRecords(body: Uint8Array): ParsedPax | string {
  const records = new Map<string, Uint8Array>();
  const sparsePairs: Uint8Array[] = [];
  for (let start = 0; start < body.length; ) {
    const lengthEnd = findSpace(body, start);
    const length = lengthEnd === -1 ? undefined : parseDecimal(body, start, lengthEnd);
    if (length === undefined) return `PAX record at byte ${start} of its header has no length`;
    const end = start + length;
    if (length < shortestRecord || end > body.length || end <= lengthEnd + 1) {
      return `PAX record at byte ${start} of its header has the length ${length}, which does not fit`;
    }
    if (body[end - 1] !== newline)
      return `PAX record at byte ${start} of its header does not end in a newline`;
    const keyEnd = body.indexOf(equals, lengthEnd + 1);
    if (keyEnd === -1 || keyEnd >= end - 1) return `PAX record at byte ${start} of its header has no "="`;
    const key = decodeText(body, lengthEnd + 1, keyEnd);
    const value = body.subarray(keyEnd + 1, end - 1);
    if (!isValidRecord(key, value))
      return `PAX record at byte ${start} of its header has an empty keyword or a NUL`;
    if (key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes") {
      const wanted = sparsePairs.length % 2 === 0 ? "GNU.sparse.offset" : "GNU.sparse.numbytes";
      if (key !== wanted) return `PAX record at byte ${start} of its header is ${key} where ${wanted} is due`;
      sparsePairs.push(value);
    }
    records.set(key, value);
    start = end;
  }
  return { records, sparsePairs };
}

function findSpace(body: Uint8Array, start: number): number {
  const end = Math.min(body.length, start + longestLengthField + 1);
  for (let index = start; index < end; index++) if (body[index] === space) return index;
  return -1;
}

/** Go's rule: no keyword is empty or has a NUL, and no NUL is in what stands for a string of the header. */
function isValidRecord(key: string, value: Uint8Array): boolean {
  if (key === "" || key.includes("\0")) return false;
  return !(isStringKeyword(key) && value.includes(0));
}

function isStringKeyword(key: string): boolean {
  return key === "path" || key === "linkpath" || key === "uname" || key === "gname";
}

/** One record with its length in front; undefined where the keyword or the value cannot be expressed. */
export function formatPaxRecord(key: ByteString, value: ByteString): ByteString | undefined {
  if (key === "" || key.includes("=") || key.includes("\0")) return undefined;
  if (isStringKeyword(key) && value.includes("\0")) return undefined;
  const rest = ` ${key}=${value}\n`;
  // The length counts its own digits: writing them can make one more of them.
  let length = rest.length + String(rest.length).length;
  length = rest.length + String(length).length;
  return `${length}${rest}`;
}

/**
 * Extended attributes by name, from `SCHILY.xattr.` records and, for names that have none of those, from
 * `LIBARCHIVE.xattr.` records.
 */
export function xattrsOf(records: PaxRecords): ReadonlyMap<string, Uint8Array> {
  let found: Map<string, Uint8Array> | undefined;
  let encoded: [string, Uint8Array][] | undefined;
  for (const [key, value] of records) {
    if (key.startsWith(schilyXattr)) {
      found ??= new Map();
      found.set(key.slice(schilyXattr.length), value);
    } else if (key.startsWith(libarchiveXattr)) {
      encoded ??= [];
      encoded.push([key.slice(libarchiveXattr.length), value]);
    }
  }
  for (const [name, value] of encoded ?? []) {
    const plainName = decodeUrl(name);
    const plainValue = decodeBase64(value);
    if (plainName === undefined || plainValue === undefined) continue;
    found ??= new Map();
    if (!found.has(plainName)) found.set(plainName, plainValue);
  }
  return found ?? noXattrs;
}

const noXattrs: ReadonlyMap<string, Uint8Array> = new Map();

function decodeUrl(text: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  const bytes = text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  // libarchive encodes all but plain ASCII: text with other characters is none of its.
  return /[\u0100-\uffff]/.test(bytes) ? undefined : decodeText(fromByteString(bytes));
}

function decodeBase64(bytes: Uint8Array): Uint8Array | undefined {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === equals) end--;
  const text = toByteString(bytes.subarray(0, end));
  if (/[^A-Za-z0-9+/]/.test(text) || text.length % 4 === 1) return undefined;
  return fromByteString(atob(text));
}
