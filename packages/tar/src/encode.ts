import {
  blockSize,
  type Field,
  type FieldName,
  fields,
  nameLength,
  paddingLength,
  sumBlock,
} from "./block.ts";
import { cleanPath } from "./clean-path.ts";
import { cannotWrite, type Encodable, type TarEntryInput, toEncodable } from "./entry-input.ts";
import { planFormat } from "./format-choice.ts";
import { fitsBase256, fitsOctal, writeBase256, writeOctal } from "./numbers.ts";
import { formatPaxRecord, schilyXattr } from "./pax.ts";
import { type ByteString, fromByteString } from "./text.ts";
import { splitUstarName } from "./ustar-name.ts";

/**
 * The header blocks of an entry, PAX records and GNU long names included: byte for byte what the Writer of Go's
 * archive/tar makes of the same header, the choice of the format included. Equal input gives equal bytes.
 *
 * Throws `ERR_DRAYAGE_USAGE` where no format, or not the one that is asked for, can express the entry. Sparse files
 * are not written.
 */
export function encodeTarHeader(entry: TarEntryInput): Uint8Array {
  const header = toEncodable(entry);
  const plan = planFormat(header);
  if (plan.format === "ustar") return encodeUstar(header);
  if (plan.format === "gnu") return encodeGnu(header);
  return encodePax(header, plan.records);
}

/** The zero bytes that fill up the last block after `size` bytes of data. */
export function tarPadding(size: number): Uint8Array {
  return new Uint8Array(paddingLength(size));
}

/** The two zero blocks that end an archive. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * blockSize);
}

type WriteNumber = (block: Uint8Array, field: Field, value: number) => void;

function encodeUstar(header: Encodable): Uint8Array {
  const split = splitUstarName(header.name);
  const block = encodeFields(
    { ...header, name: split?.name ?? header.name },
    (text) => text,
    writeOctalOrZero,
  );
  if (split !== undefined) writeText(block, "prefix", split.prefix);
  return finishBlock(block, ustarMagic);
}

function encodePax(header: Encodable, records: ReadonlyMap<ByteString, ByteString>): Uint8Array {
  const isGlobal = header.typeflag === "g";
  const blocks: Uint8Array[] = [];
  if (records.size > 0 || isGlobal) {
    const body = encodeRecords(header, records);
    const name = isGlobal ? header.name || "GlobalHead.0.0" : extendedHeaderName(header.name);
    blocks.push(...encodeBody(name, isGlobal ? "g" : "x", body, ustarMagic));
  }
  if (!isGlobal) blocks.push(finishBlock(encodeFields(header, toAscii, writeOctalOrZero), ustarMagic));
  return join(blocks);
}

function encodeGnu(header: Encodable): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const [value, typeflag] of [
    [header.name, "L"],
    [header.linkname, "K"],
  ] as const) {
    if (value.length > nameLength)
      blocks.push(...encodeBody("././@LongLink", typeflag, `${value}\0`, gnuMagic));
  }
  const block = encodeFields(header, (text) => text, writeAnyNumber);
  if (header.atime !== undefined) writeAnyNumber(block, fields.gnuAtime, header.atime.seconds);
  if (header.ctime !== undefined) writeAnyNumber(block, fields.gnuCtime, header.ctime.seconds);
  blocks.push(finishBlock(block, gnuMagic));
  return join(blocks);
}

/** Go's limit for what one extended header holds; its own reader takes no more. */
const longestBody = 1024 * 1024;

function encodeRecords(header: Encodable, records: ReadonlyMap<ByteString, ByteString>): ByteString {
  let body = "";
  for (const key of [...records.keys()].sort()) {
    const record = formatPaxRecord(key, records.get(key) ?? "");
    if (record === undefined) throw cannotWrite({ rawName: fromByteString(header.name) }, whyNoRecord(key));
    body += record;
  }
  if (body.length > longestBody) {
    throw cannotWrite(
      { rawName: fromByteString(header.name) },
      `its PAX records are more than ${longestBody} bytes`,
    );
  }
  return body;
}

function whyNoRecord(key: ByteString): string {
  const keyword = JSON.stringify(key);
  if (!key.startsWith(schilyXattr) || !key.includes("=")) {
    return `its PAX record ${keyword} has a NUL, or an "=" in its keyword, or no keyword`;
  }
  const name = JSON.stringify(key.slice(schilyXattr.length));
  return `its extended attribute ${name} has an "=" in its name, which no tar can hold`;
}

/** Where the PAX header of an entry pretends to be: `a/PaxHeaders.0/b` for `a/b`. */
function extendedHeaderName(name: ByteString): ByteString {
  const slash = name.lastIndexOf("/");
  const folder = name.slice(0, slash + 1);
  return cleanPath(`${folder === "" ? "" : `${folder}/`}PaxHeaders.0/${name.slice(slash + 1)}`);
}

function encodeBody(name: ByteString, typeflag: string, body: ByteString, magic: string): Uint8Array[] {
  const block = new Uint8Array(blockSize);
  writeText(block, "name", trimSlashes(toAscii(name).slice(0, nameLength)));
  writeText(block, "typeflag", typeflag);
  for (const key of ["mode", "uid", "gid", "mtime"] as const) writeOctal(block, fields[key], 0);
  writeOctal(block, fields.size, body.length);
  const bytes = new Uint8Array(body.length + paddingLength(body.length));
  bytes.set(fromByteString(body));
  return [finishBlock(block, magic), bytes];
}

/** The fields that all formats share. What does not fit is cut off, or 0: then another header has it in full. */
function encodeFields(
  header: Encodable,
  toText: (text: ByteString) => ByteString,
  writeNumber: WriteNumber,
): Uint8Array {
  const block = new Uint8Array(blockSize);
  writeText(block, "typeflag", header.typeflag);
  for (const key of ["name", "linkname", "uname", "gname"] as const)
    writeText(block, key, toText(header[key]));
  for (const key of ["mode", "uid", "gid", "size", "devmajor", "devminor"] as const) {
    writeNumber(block, fields[key], header[key]);
  }
  writeNumber(block, fields.mtime, header.mtime?.seconds ?? 0);
  return block;
}

function writeText(block: Uint8Array, name: FieldName, text: ByteString): void {
  const { start, length } = fields[name];
  let cut = text.slice(0, length);
  // Some readers take a file for a directory where its cut name happens to end in a slash.
  if (text.length > length && cut.endsWith("/")) cut = trimSlashes(cut);
  for (let index = 0; index < cut.length; index++) block[start + index] = cut.charCodeAt(index);
}

function writeOctalOrZero(block: Uint8Array, field: Field, value: number): void {
  writeOctal(block, field, fitsOctal(field.length, value) ? value : 0);
}

function writeAnyNumber(block: Uint8Array, field: Field, value: number): void {
  if (!fitsOctal(field.length, value) && fitsBase256(field.length, value)) writeBase256(block, field, value);
  else writeOctalOrZero(block, field, value);
}

const ustarMagic = "ustar\x0000";
const gnuMagic = "ustar  \0";

/** Fills in the magic and then the checksum: six digits, a NUL and a space. */
function finishBlock(block: Uint8Array, magic: string): Uint8Array {
  writeText(block, "magic", magic);
  const { start, length } = fields.checksum;
  writeOctal(block, { start, length: length - 1 }, sumBlock(block, 0).sum);
  block[start + length - 1] = 0x20;
  return block;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Text without what is not ASCII, for the fields that a PAX record overrides. */
function toAscii(text: ByteString): ByteString {
  return text.replace(/\P{ASCII}/gu, "").replaceAll("\0", "");
}

function trimSlashes(text: ByteString): ByteString {
  let end = text.length;
  while (end > 0 && text[end - 1] === "/") end--;
  return text.slice(0, end);
}
