import { DrayageError } from "@drayage/errors";
import { compareText, decodeUtf8, utf8 } from "./text.ts";

/** JSON text that goes into a document as it is, but for white space and escapes: Go's `json.RawMessage`. */
export class RawJson {
  /** The text without white space between its values, `<`, `>`, `&`, U+2028 and U+2029 escaped. */
  readonly bytes: Uint8Array;

  /** `text` must be valid JSON. */
  constructor(text: Uint8Array) {
    this.bytes = new Uint8Array(compact(text));
  }
}

/**
 * A value as Go's `encoding/json` (before Go 1.22) writes it: compact, with `<`, `>`, `&`, U+2028 and U+2029
 * escaped, control characters as `\u00XX` but for `\n`, `\r` and `\t`, and numbers as Go formats them.
 *
 * A plain object is a struct: its fields in their order, those that are `undefined` left out. A `Map` is a
 * map: its keys sorted by their bytes. A `Uint8Array` is base64 text, {@link RawJson} goes in as it is, a
 * `bigint` is an integer. Other values throw ERR_DRAYAGE_USAGE.
 */
export function encodeGoJson(value: unknown): Uint8Array {
  const parts: (string | Uint8Array)[] = [];
  write(value, parts);
  return join(parts);
}

/**
 * Like {@link encodeGoJson}, as text that goes into another document. A byte of raw JSON that is no UTF-8 is
 * a lone surrogate in it, which is then written as Go writes such a byte of a string.
 */
export function goJsonText(value: unknown): string {
  return decodeUtf8(encodeGoJson(value), "\udfff");
}

function write(value: unknown, parts: (string | Uint8Array)[]): void {
  switch (typeof value) {
    case "string":
      parts.push(quoteGo(value));
      return;
    case "boolean":
    case "bigint":
      parts.push(String(value));
      return;
    case "number":
      parts.push(formatNumber(value));
      return;
    case "object":
      if (value === null) parts.push("null");
      else writeObject(value, parts);
      return;
    default:
      throw unencodable(typeof value);
  }
}

function writeObject(value: object, parts: (string | Uint8Array)[]): void {
  if (value instanceof RawJson) {
    parts.push(value.bytes);
  } else if (value instanceof Uint8Array) {
    parts.push(quoteGo(base64(value)));
  } else if (Array.isArray(value)) {
    parts.push("[");
    value.forEach((item: unknown, i) => {
      if (i > 0) parts.push(",");
      write(item, parts);
    });
    parts.push("]");
  } else if (value instanceof Map) {
    const entries: [string, unknown][] = [];
    for (const [key, item] of value) {
      if (typeof key !== "string") throw unencodable("a key that is not text");
      entries.push([key, item]);
    }
    entries.sort(([a], [b]) => compareText(a, b));
    writeMembers(entries, parts);
  } else {
    writeMembers(
      Object.entries(value).filter(([, item]) => item !== undefined),
      parts,
    );
  }
}

function writeMembers(
  entries: readonly (readonly [string, unknown])[],
  parts: (string | Uint8Array)[],
): void {
  let separator = "{";
  for (const [name, item] of entries) {
    parts.push(separator, quoteGo(name), ":");
    write(item, parts);
    separator = ",";
  }
  parts.push(entries.length === 0 ? "{}" : "}");
}

function unencodable(what: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `JSON cannot hold ${what}`);
}

/** JavaScript and Go switch to exponents at the same magnitudes and write them alike; zero's sign differs. */
function formatNumber(value: number): string {
  if (!Number.isFinite(value)) throw unencodable(String(value));
  return Object.is(value, -0) ? "-0" : String(value);
}

// In unicode mode a range of surrogates matches those alone that belong to no pair.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to be escaped
const escaped = /[\u0000-\u001f"\\<>&\u2028\u2029\ud800-\udfff]/gu;

const shortEscapes: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

function quoteGo(text: string): string {
  return `"${text.replace(escaped, escapeCharacter)}"`;
}

function escapeCharacter(character: string): string {
  const short = shortEscapes.get(character);
  if (short !== undefined) return short;
  const unit = character.charCodeAt(0);
  // A lone surrogate is no text: Go writes the replacement character, as an escape.
  return unicodeEscape(unit >= 0xd800 && unit <= 0xdfff ? 0xfffd : unit);
}

function unicodeEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}

/** Standard base64 with padding. */
export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(binary);
}

/** Valid JSON without white space, and with the escapes that Go's encoder gives to raw messages. */
function compact(text: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let inString = false;
  let kept = 0;
  const flush = (until: number, replacement: string, next: number): void => {
    if (until > kept) parts.push(text.subarray(kept, until));
    if (replacement !== "") parts.push(utf8(replacement));
    kept = next;
  };
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at] ?? 0;
    if (inString && byte === 0x5c) {
      at += 1;
    } else if (byte === 0x22) {
      inString = !inString;
    } else if (inString) {
      if (byte === 0x3c || byte === 0x3e || byte === 0x26) flush(at, unicodeEscape(byte), at + 1);
      else if (byte === 0xe2 && text[at + 1] === 0x80 && ((text[at + 2] ?? 0) & 0xfe) === 0xa8) {
        flush(at, unicodeEscape(0x2000 + ((text[at + 2] ?? 0) - 0x80)), at + 3);
        at += 2;
      }
    } else if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) {
      flush(at, "", at + 1);
    }
  }
  flush(text.length, "", text.length);
  return join(parts);
}

function join(parts: readonly (string | Uint8Array)[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  let pending = "";
  for (const part of parts) {
    if (typeof part === "string") {
      pending += part;
    } else {
      if (pending !== "") chunks.push(utf8(pending));
      pending = "";
      chunks.push(part);
    }
  }
  if (pending !== "" || chunks.length === 0) chunks.push(utf8(pending));
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
