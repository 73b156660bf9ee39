import type { BlockHeader } from "./block-header.ts";
import { isHeaderOnly, type TarFormat, type TarHeader, typeOf } from "./header.ts";
import { parseDecimal } from "./numbers.ts";
import { type ParsedPax, xattrsOf } from "./pax.ts";
import type { Problem } from "./problem.ts";
import { parseGnuSparse, parsePaxSparse, type SparseFile } from "./sparse.ts";
import { decodeText } from "./text.ts";
import { parsePaxTime, type TarTime } from "./time.ts";

/** All that the headers of one entry say, each for itself. */
export interface HeaderParts {
  readonly block: BlockHeader;
  /** The header block and the extension blocks of its sparse map. */
  readonly sparseBlocks: Uint8Array;
  readonly pax: ParsedPax | undefined;
  readonly longName: Uint8Array | undefined;
  readonly longLink: Uint8Array | undefined;
}

const noRecords: ReadonlyMap<string, Uint8Array> = new Map();
const slash = 0x2f;

/**
 * One header from its parts, by Go's rules: PAX records stand above the header block, GNU long names above
 * both, and an empty PAX record changes nothing.
 */
export function mergeHeader(parts: HeaderParts, problem: Problem): TarHeader {
  const { block, longName, longLink } = parts;
  const pax = parts.pax?.records ?? noRecords;
  const declaredSize = number("size") ?? block.size;
  const sparse = readSparse(parts, declaredSize, problem);
  const rawName =
    sparse?.name ?? (longName?.length ? longName : undefined) ?? record("path") ?? block.rawName;
  const rawLinkname = (longLink?.length ? longLink : undefined) ?? record("linkpath") ?? block.rawLinkname;
  const typeflag = block.typeflag;
  const isDirectory = typeflag === "5" || (typeflag === "\0" && rawName[rawName.length - 1] === slash);
  const size = isDirectory || isHeaderOnly(typeflag) ? 0 : declaredSize;
  if (size < 0) throw problem(`its size is negative, ${size}`);
  if (sparse !== undefined && (isDirectory || isHeaderOnly(typeflag))) {
    throw problem(`it is sparse, and of the typeflag ${JSON.stringify(typeflag)}, which has no data`);
  }
  return {
    name: decodeText(rawName),
    rawName,
    type: isDirectory ? "directory" : sparse !== undefined ? "sparse" : typeOf(typeflag),
    typeflag,
    mode: block.mode,
    uid: number("uid") ?? block.uid,
    gid: number("gid") ?? block.gid,
    size,
    declaredSize,
    mtime: time("mtime") ?? { seconds: block.mtime, nanoseconds: 0 },
    atime: time("atime") ?? secondsOf(block.atime),
    ctime: time("ctime") ?? secondsOf(block.ctime),
    linkname: decodeText(rawLinkname),
    rawLinkname,
    uname: text("uname") ?? block.uname,
    gname: text("gname") ?? block.gname,
    devmajor: block.devmajor,
    devminor: block.devminor,
    xattrs: xattrsOf(pax),
    pax,
    sparse: sparse?.sparse,
    format: formatOf(parts),
  };

  function record(key: string): Uint8Array | undefined {
    const value = pax.get(key);
    return value === undefined || value.length === 0 ? undefined : value;
  }

  function text(key: string): string | undefined {
    const value = record(key);
    return value === undefined ? undefined : decodeText(value);
  }

  function number(key: string): number | undefined {
    const value = record(key);
    if (value === undefined) return undefined;
    const parsed = parseDecimal(value);
    if (parsed === undefined) throw problem(`its PAX record ${key} is no number, or one beyond 2^53`);
    return parsed;
  }

  function time(key: string): TarTime | undefined {
    const value = record(key);
    if (value === undefined) return undefined;
    const parsed = parsePaxTime(value);
    if (parsed === undefined) throw problem(`its PAX record ${key} is no time, or one beyond 2^53 seconds`);
    return parsed;
  }
}

function secondsOf(seconds: number | undefined): TarTime | undefined {
  return seconds === undefined ? undefined : { seconds, nanoseconds: 0 };
}

function readSparse(
  { block, sparseBlocks, pax }: HeaderParts,
  dataSize: number,
  problem: Problem,
): { sparse: SparseFile; name?: Uint8Array | undefined } | undefined {
  if (block.typeflag === "S") {
    // star has sparse headers of this typeflag too, in a layout of its own.
    if (block.format !== "gnu") throw problem("it is sparse in a form other than GNU tar's");
    const sparse = parseGnuSparse(sparseBlocks, 0);
    if (typeof sparse === "string") throw problem(sparse);
    return { sparse };
  }
  if (pax === undefined) return undefined;
  const found = parsePaxSparse(pax.records, pax.sparsePairs, dataSize);
  if (typeof found === "string") throw problem(found);
  return found;
}

/** A header block's dialect, together with the headers before it: PAX goes with ustar, long names with GNU. */
function formatOf({ block, pax, longName, longLink }: HeaderParts): TarFormat {
  const hasLong = longName !== undefined || longLink !== undefined;
  if (pax === undefined) return hasLong && block.format !== "gnu" ? "unknown" : block.format;
  return block.format === "ustar" && !hasLong ? "pax" : "unknown";
}
