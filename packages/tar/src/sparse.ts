import { blockSize, fields } from "./block.ts";
import { parseDecimal, parseNumber } from "./numbers.ts";
import type { PaxRecords } from "./pax.ts";
import { decodeText } from "./text.ts";

/** A piece of a sparse file that has data; all between such pieces is zeros. */
export interface SparseFragment {
  readonly offset: number;
  readonly length: number;
}

/** What is known of a sparse file from its headers. Its data in the archive is the fragments, one after another. */
export interface SparseFile {
  /** `gnu`: old GNU headers of typeflag S. The others: the versions of GNU tar's PAX records. */
  readonly version: "gnu" | "0.0" | "0.1" | "1.0";
  /** The file's size with its holes, in bytes. */
  readonly realSize: number;
  /** In order, without overlap, within `realSize`. Undefined for version 1.0: there the data starts with the map. */
  readonly fragments: readonly SparseFragment[] | undefined;
}

const numberLength = 12;
const fragmentLength = 2 * numberLength;
const fragmentsInHeader = 4;
const fragmentsInExtension = 21;
const extensionFlag = fragmentLength * fragmentsInExtension;

/** Whether the extension block at `start` says that another one follows. */
export function hasNextExtension(bytes: Uint8Array, start: number): boolean {
  return bytes[start + extensionFlag] !== 0;
}

/** Whether the header block at `start`, of typeflag S, is followed by an extension block. */
export function hasExtension(bytes: Uint8Array, start: number): boolean {
  return bytes[start + fields.gnuIsExtended.start] !== 0;
}

/**
 * The map of an old GNU sparse file, from the header block at `start` and the extension blocks after it.
 * A string instead says what is wrong.
 */
export function parseGnuSparse(bytes: Uint8Array, start: number): SparseFile | string {
  const realSize = parseNumber(bytes, start + fields.gnuRealSize.start, fields.gnuRealSize.length);
  if (realSize === undefined) return "the real size of a sparse file is no number";
  const fragments: SparseFragment[] = [];
  let table = start + fields.gnuSparse.start;
  let count = fragmentsInHeader;
  for (let block = start; ; ) {
    for (let index = 0; index < count; index++) {
      const offset = parseNumber(bytes, table + index * fragmentLength, numberLength);
      const length = parseNumber(bytes, table + index * fragmentLength + numberLength, numberLength);
      if (offset === undefined || length === undefined)
        return "the map of a sparse file has something that is no number";
      if (offset === 0 && length === 0) break;
      fragments.push({ offset, length });
    }
    block += blockSize;
    if (block >= bytes.length) break;
    table = block;
    count = fragmentsInExtension;
  }
  return checkFragments({ version: "gnu", realSize, fragments });
}

/**
 * What PAX records say of a sparse file, and the name that they give it; undefined where they say nothing of
 * one, or are of a version that is not known. A string instead says what is wrong.
 */
export function parsePaxSparse(
  records: PaxRecords,
  pairs: readonly Uint8Array[],
  dataSize: number,
): { sparse: SparseFile; name: Uint8Array | undefined } | undefined | string {
  const version = sparseVersion(records, pairs);
  if (version === undefined) return undefined;
  const sizeRecord = nonEmpty(records, "GNU.sparse.size") ?? nonEmpty(records, "GNU.sparse.realsize");
  const realSize = sizeRecord === undefined ? dataSize : parseDecimal(sizeRecord);
  if (realSize === undefined || realSize < 0) return "the real size of a sparse file is no number";
  const name = nonEmpty(records, "GNU.sparse.name");
  if (name?.includes(0)) return "the name of a sparse file has a NUL";
  if (version === "1.0") return { sparse: { version, realSize, fragments: undefined }, name };
  const fragments = parsePaxMap(records, pairs);
  if (typeof fragments === "string") return fragments;
  const sparse = checkFragments({ version, realSize, fragments });
  return typeof sparse === "string" ? sparse : { sparse, name };
}

function sparseVersion(
  records: PaxRecords,
  pairs: readonly Uint8Array[],
): Exclude<SparseFile["version"], "gnu"> | undefined {
  const major = nonEmpty(records, "GNU.sparse.major");
  const minor = nonEmpty(records, "GNU.sparse.minor");
  if (major !== undefined || minor !== undefined) {
    const version = `${decodeText(major ?? new Uint8Array())}.${decodeText(minor ?? new Uint8Array())}`;
    return version === "0.0" || version === "0.1" || version === "1.0" ? version : undefined;
  }
  // Versions 0.0 and 0.1 carry no number: the one repeats two keywords, the other has them in one record.
  if (pairs.length > 0) return "0.0";
  return nonEmpty(records, "GNU.sparse.map") === undefined ? undefined : "0.1";
}

function nonEmpty(records: PaxRecords, key: string): Uint8Array | undefined {
  const value = records.get(key);
  return value === undefined || value.length === 0 ? undefined : value;
}

function parsePaxMap(records: PaxRecords, pairs: readonly Uint8Array[]): SparseFragment[] | string {
  const numbers =
    pairs.length > 0 ? pairs.map((value) => parseDecimal(value)) : splitMap(records.get("GNU.sparse.map"));
  const count = parseDecimal(records.get("GNU.sparse.numblocks") ?? new Uint8Array());
  if (count === undefined || numbers.length !== 2 * count)
    return "the map of a sparse file is not as long as it says";
  const fragments: SparseFragment[] = [];
  for (let index = 0; index < numbers.length; index += 2) {
    const offset = numbers[index];
    const length = numbers[index + 1];
    if (offset === undefined || length === undefined)
      return "the map of a sparse file has something that is no number";
    fragments.push({ offset, length });
  }
  return fragments;
}

const comma = 0x2c;

function splitMap(map: Uint8Array | undefined): (number | undefined)[] {
  const numbers: (number | undefined)[] = [];
  if (map === undefined || map.length === 0) return numbers;
  for (let start = 0; start <= map.length; ) {
    const found = map.indexOf(comma, start);
    const end = found === -1 ? map.length : found;
    numbers.push(parseDecimal(map, start, end));
    start = end + 1;
  }
  return numbers;
}

function checkFragments(sparse: SparseFile): SparseFile | string {
  if (sparse.realSize < 0) return "the real size of a sparse file is negative";
  let previousEnd = 0;
  for (const { offset, length } of sparse.fragments ?? []) {
    const end = offset + length;
    if (offset < previousEnd || length < 0 || end > sparse.realSize) {
      return `the map of a sparse file has ${length} bytes at ${offset}, which overlap or leave the file`;
    }
    previousEnd = end;
  }
  return sparse;
}
