import { DrayageError, type DrayageErrorCode } from "@drayage/errors";
import type { JsonMember, JsonNode } from "./node.ts";
import { quote } from "./quote.ts";
import { decodeUtf8 } from "./text.ts";

/** Manifests and configs nest five levels or so; Go stops at 10,000. */
export const depthLimit = 100;

/** The most values in one document: far more than 4 MiB of real descriptors hold, few enough for any memory. */
export const valueLimit: number = 1 << 19;

export interface ParseJsonOptions {
  /** What the text is, for messages: `manifest`, `config`. */
  readonly what: string;
  /** The code of the error for text that is not JSON. */
  readonly code: DrayageErrorCode;
  /** The most bytes that are read: `ERR_DRAYAGE_LIMIT_EXCEEDED`. */
  readonly limit: number;
  /** Takes a name that stands twice in one object, which is otherwise refused. */
  readonly duplicates?: boolean | undefined;
}

const quoteMark = 0x22;
const backslash = 0x5c;

/**
 * Parses JSON (RFC 8259) as strictly as Go's `encoding/json` does, and refuses what Go takes silently: a name
 * that stands twice in one object, of which parsers keep different ones.
 */
export function parseJson(bytes: Uint8Array, options: ParseJsonOptions): JsonNode {
  const { what } = options;
  let at = 0;
  let values = 0;

  const tooLarge = (message: string): DrayageError =>
    new DrayageError("ERR_DRAYAGE_LIMIT_EXCEEDED", `${what}: ${message}`);
  if (bytes.length > options.limit) {
    throw tooLarge(`${bytes.length} bytes are more than the ${options.limit} that are read`);
  }

  function invalid(message: string, position: number): DrayageError {
    let line = 1;
    let lineStart = 0;
    for (let i = 0; i < position; i += 1) {
      if (bytes[i] === 0x0a) {
        line += 1;
        lineStart = i + 1;
      }
    }
    const place = `line ${line}, column ${position - lineStart + 1}`;
    return new DrayageError(options.code, `${what}: ${message} (${place})`);
  }

  function unexpected(wanted: string): DrayageError {
    if (at >= bytes.length) return invalid(`the JSON text ends where ${wanted} is expected`, at);
    const byte = bytes[at] ?? 0;
    const found = byte > 0x20 && byte < 0x7f ? JSON.stringify(String.fromCharCode(byte)) : `byte ${byte}`;
    return invalid(`not JSON: ${found} where ${wanted} is expected`, at);
  }

  function skipSpace(): void {
    for (;;) {
      const byte = bytes[at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      at += 1;
    }
  }

  function parseValue(depth: number): JsonNode {
    if (depth > depthLimit) throw tooLarge(`values nest deeper than ${depthLimit} levels`);
    values += 1;
    if (values > valueLimit) throw tooLarge(`more than ${valueLimit} values`);
    skipSpace();
    const start = at;
    const byte = bytes[at];
    switch (byte) {
      case 0x7b:
        return { kind: "object", members: parseMembers(depth), start, end: at };
      case 0x5b:
        return { kind: "array", items: parseItems(depth), start, end: at };
      case quoteMark:
        return { kind: "string", value: parseString(), start, end: at };
      case 0x74:
        expectWord("true");
        return { kind: "boolean", value: true, start, end: at };
      case 0x66:
        expectWord("false");
        return { kind: "boolean", value: false, start, end: at };
      case 0x6e:
        expectWord("null");
        return { kind: "null", start, end: at };
      default:
        if (byte === 0x2d || isDigit(byte)) {
          return { kind: "number", text: parseNumber(), start, end: at };
        }
        throw unexpected("a value");
    }
  }

  function parseMembers(depth: number): JsonMember[] {
    const members: JsonMember[] = [];
    const names = new Set<string>();
    at += 1;
    skipSpace();
    if (bytes[at] === 0x7d) {
      at += 1;
      return members;
    }
    for (;;) {
      skipSpace();
      const nameStart = at;
      if (bytes[at] !== quoteMark) throw unexpected("a name in quotes");
      const name = parseString();
      if (options.duplicates !== true && names.has(name)) {
        throw invalid(`the name ${quote(name)} stands twice in one object`, nameStart);
      }
      names.add(name);
      skipSpace();
      if (bytes[at] !== 0x3a) throw unexpected('":"');
      at += 1;
      members.push({ name, value: parseValue(depth + 1) });
      skipSpace();
      if (bytes[at] === 0x7d) {
        at += 1;
        return members;
      }
      if (bytes[at] !== 0x2c) throw unexpected('"," or "}"');
      at += 1;
    }
  }

  function parseItems(depth: number): JsonNode[] {
    const items: JsonNode[] = [];
    at += 1;
    skipSpace();
    if (bytes[at] === 0x5d) {
      at += 1;
      return items;
    }
    for (;;) {
      items.push(parseValue(depth + 1));
      skipSpace();
      if (bytes[at] === 0x5d) {
        at += 1;
        return items;
      }
      if (bytes[at] !== 0x2c) throw unexpected('"," or "]"');
      at += 1;
    }
  }

  function parseString(): string {
    at += 1;
    let text = "";
    let plain = at;
    for (;;) {
      const byte = bytes[at];
      if (byte === quoteMark) {
        const last = decodeUtf8(bytes.subarray(plain, at));
        at += 1;
        return text === "" ? last : text + last;
      }
      if (byte === backslash) {
        text += decodeUtf8(bytes.subarray(plain, at)) + parseEscape();
        plain = at;
      } else if (byte === undefined || byte < 0x20) {
        throw unexpected("the rest of a text in quotes");
      } else {
        at += 1;
      }
    }
  }

  function parseEscape(): string {
    at += 1;
    const simple = simpleEscapes.get(bytes[at] ?? 0);
    if (simple !== undefined) {
      at += 1;
      return simple;
    }
    if (bytes[at] !== 0x75) throw unexpected("an escape");
    at += 1;
    const unit = parseHex();
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    if (unit < 0xdc00 && bytes[at] === backslash && bytes[at + 1] === 0x75) {
      const before = at;
      at += 2;
      const low = parseHex();
      if (low >= 0xdc00 && low <= 0xdfff) return String.fromCharCode(unit, low);
      at = before;
    }
    return "\ufffd";
  }

  function parseHex(): number {
    let unit = 0;
    for (let i = 0; i < 4; i += 1) {
      const digit = hexDigit(bytes[at]);
      if (digit < 0) throw unexpected("a hexadecimal digit");
      unit = unit * 16 + digit;
      at += 1;
    }
    return unit;
  }

  function parseNumber(): string {
    const start = at;
    if (bytes[at] === 0x2d) at += 1;
    if (bytes[at] === 0x30) at += 1;
    else skipDigits();
    if (bytes[at] === 0x2e) {
      at += 1;
      skipDigits();
    }
    if (bytes[at] === 0x65 || bytes[at] === 0x45) {
      at += 1;
      if (bytes[at] === 0x2b || bytes[at] === 0x2d) at += 1;
      skipDigits();
    }
    return decodeUtf8(bytes.subarray(start, at));
  }

  function skipDigits(): void {
    if (!isDigit(bytes[at])) throw unexpected("a digit");
    while (isDigit(bytes[at])) at += 1;
  }

  function expectWord(word: string): void {
    for (let i = 0; i < word.length; i += 1) {
      if (bytes[at] !== word.charCodeAt(i)) throw unexpected(`"${word}"`);
      at += 1;
    }
  }

  const root = parseValue(1);
  skipSpace();
  if (at < bytes.length) throw unexpected("the end");
  return root;
}

const simpleEscapes: ReadonlyMap<number, string> = new Map([
  [quoteMark, '"'],
  [backslash, "\\"],
  [0x2f, "/"],
  [0x62, "\b"],
  [0x66, "\f"],
  [0x6e, "\n"],
  [0x72, "\r"],
  [0x74, "\t"],
]);

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
