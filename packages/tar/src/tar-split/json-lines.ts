import { decodeText } from "../text.ts";
import { toBase64 } from "./base64.ts";
import type { TarSplitEntry } from "./entry.ts";

const encoder = new TextEncoder();
const chunkLength = 128 * 1024;
/** A code unit of a string becomes at most so many bytes of UTF-8. */
const longestUnit = 3;

export interface JsonLines {
  add(entry: TarSplitEntry): void;
  /** Hands over what is left. */
  flush(): void;
}

/** Writes tar-split's lines of JSON as Go's encoding/json does, many to a chunk. */
export function createJsonLines(write: (lines: Uint8Array) => void): JsonLines {
  let chunk = new Uint8Array(chunkLength);
  let used = 0;
  let position = 0;

  function flush(): void {
    if (used > 0) write(chunk.subarray(0, used));
    chunk = new Uint8Array(chunkLength);
    used = 0;
  }

  function put(line: string): void {
    if (line.length > chunk.length - used) startChunk(line.length);
    let { read, written } = encoder.encodeInto(line, chunk.subarray(used));
    if (read < line.length) {
      startChunk(longestUnit * line.length);
      ({ read, written } = encoder.encodeInto(line, chunk));
    }
    used += written;
  }

  function startChunk(needed: number): void {
    flush();
    if (needed > chunk.length) chunk = new Uint8Array(needed);
  }

  return {
    add(entry) {
      put(entry.type === "segment" ? segmentLine(entry.payload, position) : fileLine(entry, position));
      position++;
    },
    flush,
  };
}

function segmentLine(payload: Uint8Array, position: number): string {
  return `{"type":2,"payload":"${toBase64(payload)}","position":${position}}\n`;
}

function fileLine(entry: TarSplitEntry & { type: "file" }, position: number): string {
  const size = entry.size === 0 ? "" : `"size":${entry.size},`;
  const payload = entry.size === 0 ? "null" : `"${toBase64(entry.crc64)}"`;
  return `{"type":1,${nameField(entry.rawName)}${size}"payload":${payload},"position":${position}}\n`;
}

const replacement = "\uFFFD";

function nameField(rawName: Uint8Array): string {
  if (rawName.length === 0) return "";
  const name = decodeText(rawName);
  if (name.includes(replacement) && !isSame(encoder.encode(name), rawName)) {
    return `"name_raw":"${toBase64(rawName)}",`;
  }
  return `"name":${goString(name)},`;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

const plainText = /^[ !#-%'-;=?-[\]-~]*$/;

/** Go's encoding/json escapes what HTML or old JavaScript could take for something else. */
function goString(text: string): string {
  if (plainText.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
