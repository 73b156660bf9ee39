import { type BlockSum, type FieldName, fields, signedSum, sumBlock } from "./block.ts";
import type { TarFormat } from "./header.ts";
import { parseNumber, parseOctal } from "./numbers.ts";
import type { Problem } from "./problem.ts";
import { decodeText, endOfText, untilNul } from "./text.ts";

/** One header block as it stands, before PAX records and long names are put in. Bytes are views of the block. */
export interface BlockHeader {
  rawName: Uint8Array;
  rawLinkname: Uint8Array;
  uname: string;
  gname: string;
  typeflag: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtime: number;
  atime: number | undefined;
  ctime: number | undefined;
  devmajor: number;
  devminor: number;
  format: TarFormat;
}

/**
 * Reads the header block that starts at `start`. Throws where the checksum does not match or a number is
 * none, as Go's archive/tar does.
 */
export function parseBlock(bytes: Uint8Array, start: number, problem: Problem): BlockHeader {
  const { isAscii } = verifyChecksum(bytes, start, problem);
  const magic = readMagic(bytes, start);
  const header: BlockHeader = {
    rawName: text("name"),
    rawLinkname: text("linkname"),
    uname: "",
    gname: "",
    typeflag: String.fromCharCode(bytes[start + fields.typeflag.start] as number),
    mode: number("mode"),
    uid: number("uid"),
    gid: number("gid"),
    size: number("size"),
    mtime: number("mtime"),
    atime: undefined,
    ctime: undefined,
    devmajor: 0,
    devminor: 0,
    format: magic,
  };
  if (magic === "v7") return header;
  header.uname = owner("uname");
  header.gname = owner("gname");
  header.devmajor = number("devmajor");
  header.devminor = number("devminor");
  if (magic === "ustar") {
    header.rawName = joinPrefix(text("prefix"), header.rawName);
    if (!isAscii || !endInNul(bytes, start)) header.format = "unknown";
  } else if (magic === "star") {
    header.rawName = joinPrefix(text("starPrefix"), header.rawName);
    header.atime = number("starAtime");
    header.ctime = number("starCtime");
  } else {
    readGnuTimes(bytes, start, header);
  }
  return header;

  function text(name: FieldName): Uint8Array {
    const field = fields[name];
    return untilNul(bytes, start + field.start, field.length);
  }

  function owner(name: "uname" | "gname"): string {
    const first = start + fields[name].start;
    return decodeText(bytes, first, endOfText(bytes, first, fields[name].length));
  }

  function number(name: FieldName): number {
    const field = fields[name];
    const value = parseNumber(bytes, start + field.start, field.length);
    if (value === undefined) throw problem(`the field ${name} is no number, or one beyond 2^53`);
    return value;
  }
}

/** Throws where the checksum does not match. */
function verifyChecksum(bytes: Uint8Array, start: number, problem: Problem): BlockSum {
  const found = sumBlock(bytes, start);
  const said = parseOctal(bytes, start + fields.checksum.start, fields.checksum.length);
  if (said === found.sum || said === signedSum(bytes, start, found)) return found;
  const words = said === undefined ? "is no number" : `says ${said}`;
  throw problem(`this is no tar header: its checksum ${words} where the bytes sum up to ${found.sum}`);
}

const [u, s, t, a, r] = [0x75, 0x73, 0x74, 0x61, 0x72];
const space = 0x20;

/** The dialect by its magic: `ustar\0` (with `tar\0` at the end: star), `ustar  \0` (GNU), or nothing (v7). */
function readMagic(bytes: Uint8Array, start: number): "v7" | "ustar" | "gnu" | "star" {
  const at = start + fields.magic.start;
  if (
    bytes[at] !== u ||
    bytes[at + 1] !== s ||
    bytes[at + 2] !== t ||
    bytes[at + 3] !== a ||
    bytes[at + 4] !== r
  ) {
    return "v7";
  }
  if (bytes[at + 5] === space && bytes[at + 6] === space && bytes[at + 7] === 0) return "gnu";
  if (bytes[at + 5] !== 0) return "v7";
  const end = start + fields.starTrailer.start;
  const isStar = bytes[end] === t && bytes[end + 1] === a && bytes[end + 2] === r && bytes[end + 3] === 0;
  return isStar ? "star" : "ustar";
}

function joinPrefix(prefix: Uint8Array, name: Uint8Array): Uint8Array {
  if (prefix.length === 0) return name;
  const joined = new Uint8Array(prefix.length + 1 + name.length);
  joined.set(prefix);
  joined[prefix.length] = 0x2f;
  joined.set(name, prefix.length + 1);
  return joined;
}

const ustarNumbers: readonly FieldName[] = ["size", "mode", "uid", "gid", "mtime", "devmajor", "devminor"];

/** Whether every number has the NUL at its end that POSIX wants; with ASCII alone, Go's test for `FormatUSTAR`. */
function endInNul(bytes: Uint8Array, start: number): boolean {
  return ustarNumbers.every((name) => bytes[start + fields[name].start + fields[name].length - 1] === 0);
}

/**
 * GNU tar keeps access and change time where ustar has its prefix. Go's writer before 1.8 wrote a prefix there
 * all the same; as Go's reader does, what is no number and plain ASCII is taken for one.
 */
function readGnuTimes(bytes: Uint8Array, start: number, header: BlockHeader): void {
  const atime = gnuTime("gnuAtime");
  const ctime = gnuTime("gnuCtime");
  if (atime !== "invalid" && ctime !== "invalid") {
    header.atime = atime;
    header.ctime = ctime;
    return;
  }
  header.format = "unknown";
  const prefix = untilNul(bytes, start + fields.prefix.start, fields.prefix.length);
  if (prefix.every((byte) => byte < 0x80)) header.rawName = joinPrefix(prefix, header.rawName);

  function gnuTime(name: "gnuAtime" | "gnuCtime"): number | undefined | "invalid" {
    const field = fields[name];
    if (bytes[start + field.start] === 0) return undefined;
    return parseNumber(bytes, start + field.start, field.length) ?? "invalid";
  }
}
