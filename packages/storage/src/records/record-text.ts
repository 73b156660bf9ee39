import { isDrayageError } from "@drayage/errors";
import { encodeGoJson, type JsonNode, type JsonObject, parseJson, RawJson } from "@drayage/manifest";
import { damagedFile } from "./damaged.ts";

/** One record as it stands in its file, so that what we do not know of it survives. */
export interface RecordText {
  readonly bytes: Uint8Array;
  /** Its places are those in {@link bytes}. */
  readonly node: JsonObject;
}

const recordLimit = 16 * 1024 * 1024;

export function parseRecord(bytes: Uint8Array, path: string, index: number): RecordText {
  let node: JsonNode;
  try {
    node = parseJson(bytes, {
      what: `record ${index + 1}`,
      code: "ERR_DRAYAGE_STORE_INVALID",
      limit: recordLimit,
      duplicates: true,
    });
  } catch (error) {
    if (!isDrayageError(error)) throw error;
    throw damagedFile(path, `is damaged: ${error.message}`, error);
  }
  if (node.kind !== "object") throw damagedFile(path, `is damaged: record ${index + 1} is no object`);
  return { bytes, node };
}

/**
 * The bytes of the records of a JSON list, each by itself. A file with `null` has none, as Go reads it.
 * Only brackets and strings are looked at here; {@link parseRecord} does the rest, for those that are new.
 */
export function* splitRecords(bytes: Uint8Array, path: string): Generator<Uint8Array, void, undefined> {
  let at = skipSpace(bytes, 0);
  if (at === bytes.length) throw damagedFile(path, "is empty, where a list of records belongs");
  if (isNull(bytes, at)) return;
  if (bytes[at] !== openList) throw damagedFile(path, "is not a list of records");
  at = skipSpace(bytes, at + 1);
  for (let first = true; bytes[at] !== closeList; first = false) {
    if (!first) {
      if (bytes[at] !== comma) throw damagedFile(path, `is damaged: its list breaks off at byte ${at}`);
      at = skipSpace(bytes, at + 1);
    }
    const end = endOfObject(bytes, at);
    if (end === undefined) throw damagedFile(path, `is damaged: no whole record starts at byte ${at}`);
    yield bytes.subarray(at, end);
    at = skipSpace(bytes, end);
  }
  if (skipSpace(bytes, at + 1) !== bytes.length) throw damagedFile(path, "is damaged: bytes follow its list");
}

/** A list of records as the Go tools write it: one line, no newline. */
export function joinRecords(records: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const record of records) parts.push(parts.length === 0 ? openBytes : commaBytes, record);
  if (parts.length === 0) parts.push(openBytes);
  parts.push(closeBytes);
  return Buffer.concat(parts);
}

/**
 * A record with some members changed (`undefined`: taken away). Those that stay, keep their bytes and places; new ones come where
 * `order`, the order of Go's struct, has them.
 */
export function editRecord(
  record: RecordText,
  changes: Readonly<Record<string, unknown>>,
  order: readonly string[],
): Uint8Array {
  const members: [name: string, value: Uint8Array][] = [];
  const seen = new Set<string>();
  for (const { name, value } of record.node.members) {
    const changed = Object.hasOwn(changes, name);
    if (changed && (changes[name] === undefined || seen.has(name))) continue;
    seen.add(name);
    const bytes = changed ? changes[name] : new RawJson(record.bytes.subarray(value.start, value.end));
    members.push([name, encodeGoJson(bytes)]);
  }
  for (const name of order) {
    const value = Object.hasOwn(changes, name) ? changes[name] : undefined;
    if (value === undefined || seen.has(name)) continue;
    members.splice(placeOf(name, members, order), 0, [name, encodeGoJson(value)]);
  }
  return joinMembers(members);
}

/** After the last member that comes before it by the order. */
function placeOf(name: string, members: readonly [string, Uint8Array][], order: readonly string[]): number {
  const rank = order.indexOf(name);
  return members.findLastIndex(([other]) => order.includes(other) && order.indexOf(other) < rank) + 1;
}

function joinMembers(members: readonly [string, Uint8Array][]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [name, value] of members) {
    parts.push(parts.length === 0 ? openObjectBytes : commaBytes, encodeGoJson(name), colonBytes, value);
  }
  if (parts.length === 0) parts.push(openObjectBytes);
  parts.push(closeObjectBytes);
  return Buffer.concat(parts);
}

const [openList, closeList, comma, quote, backslash] = [0x5b, 0x5d, 0x2c, 0x22, 0x5c];
const openBytes = Uint8Array.of(openList);
const closeBytes = Uint8Array.of(closeList);
const commaBytes = Uint8Array.of(comma);
const colonBytes = Uint8Array.of(0x3a);
const openObjectBytes = Uint8Array.of(0x7b);
const closeObjectBytes = Uint8Array.of(0x7d);

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
  }
  return at;
}

function isNull(bytes: Uint8Array, at: number): boolean {
  return (
    Buffer.from(bytes.subarray(at, at + 4)).toString("latin1") === "null" &&
    skipSpace(bytes, at + 4) === bytes.length
  );
}

function endOfObject(bytes: Uint8Array, start: number): number | undefined {
  if (bytes[start] !== 0x7b) return undefined;
  let depth = 0;
  let inString = false;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (inString) {
      if (byte === backslash) at += 1;
      else if (byte === quote) inString = false;
    } else if (byte === quote) {
      inString = true;
    } else if (byte === 0x7b || byte === openList) {
      depth += 1;
    } else if (byte === 0x7d || byte === closeList) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}
