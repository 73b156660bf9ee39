import { DrayageError } from "@drayage/errors";
import { type PatternReader, patternReader, readClass } from "./char-class.ts";
import { cleanPath } from "./clean-path.ts";
import { parseNamePattern } from "./name-pattern.ts";
import { run, type Token } from "./tokens.ts";

/** One pattern of an ignore file, by the rules of moby's patternmatcher. Paths are below the context, without a slash in front. */
export interface IgnorePattern {
  /** Whether it takes back what a pattern before it excludes. */
  readonly isException: boolean;
  /** `path`: it matches {@link head} alone. `name`: {@link tail}, which starts with a slash, in any folder. `other`: all else. */
  readonly kind: "path" | "name" | "other";
  /** What every path that it matches begins and ends with, but for a slash in front of that of a `name`. */
  readonly head: string;
  readonly tail: string;
  /** Whether the path is what it names; whether that is a folder around it, the caller finds out. */
  matches(path: string): boolean;
  /** Whether it could match anything in this folder. */
  reachesInto(folder: string): boolean;
}

/**
 * Undefined for one of spaces only.
 *
 * @throws `ERR_DRAYAGE_USAGE` for one that is malformed
 */
export function parseIgnorePattern(text: string): IgnorePattern | undefined {
  const trimmed = trimSpace(text);
  if (trimmed === "") return undefined;
  const cleaned = cleanPath(trimmed);
  const isException = cleaned.startsWith("!");
  const pattern = isException ? cleaned.slice(1) : cleaned;
  if (pattern === "") throw malformed(text, "it takes back nothing");
  // Whatever else it is, it has to be a pattern of filepath.Match.
  if (parseNamePattern(pattern) === undefined)
    throw malformed(text, "a bracket or a backslash is not complete");
  const parsed = parseTokens(pattern);
  if (parsed === undefined)
    throw malformed(text, "a backslash stands before a letter or digit that it gives no meaning");
  return { isException, ...matcherOf(pattern, parsed) };
}

const noSpace = /[^\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/u;

/** As Go's `strings.TrimSpace`: JavaScript has U+FEFF beside what Unicode calls white space, and lacks U+0085. */
export function trimSpace(text: string): string {
  const start = text.search(noSpace);
  if (start === -1) return "";
  let end = text.length;
  while (!noSpace.test(text[end - 1] ?? "x")) end -= 1;
  return text.slice(start, end);
}

function malformed(text: string, why: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(text)} is no ignore pattern: ${why}`);
}

type Matching = Omit<IgnorePattern, "isException">;

function matcherOf(pattern: string, { tokens, isPlain }: Parsed): Matching {
  if (isPlain && pattern.startsWith("**")) return suffixMatcher(pattern.slice(2));
  if (isPlain && pattern.endsWith("**")) return prefixMatcher(pattern.slice(0, -2));
  if (tokens.every(({ kind }) => kind === "one")) {
    const text = literal(tokens);
    return {
      kind: "path",
      head: text,
      tail: text,
      matches: (path) => path === text,
      reachesInto: (folder) => text.startsWith(`${folder}/`),
    };
  }
  const head = literal(tokens.slice(0, firstOther(tokens)));
  const tail = literal(tokens.slice(tokens.length - firstOther(tokens.toReversed())));
  const core = longestLiteral(tokens);
  const fewest = tokens.filter(({ kind }) => kind === "one" || kind === "set").length;
  return {
    kind: "other",
    head,
    tail,
    matches: (path) =>
      path.length >= fewest &&
      path.startsWith(head) &&
      path.endsWith(tail) &&
      path.includes(core) &&
      run(tokens, path).matches,
    reachesInto(folder) {
      const inside = `${folder}/`;
      return (inside.startsWith(head) || head.startsWith(inside)) && run(tokens, inside).continues;
    },
  };
}

/** `dir/**`: all that begins like it. */
function prefixMatcher(prefix: string): Matching {
  return {
    kind: "other",
    head: prefix,
    tail: "",
    matches: (path) => path.startsWith(prefix),
    reachesInto: (folder) => `${folder}/`.startsWith(prefix) || prefix.startsWith(`${folder}/`),
  };
}

/** `**` before what is plain: all that ends like it, also in the middle of a name where no slash is between. */
function suffixMatcher(suffix: string): Matching {
  return {
    kind: suffix.startsWith("/") ? "name" : "other",
    head: "",
    tail: suffix,
    matches: (path) => path.endsWith(suffix) || (suffix.startsWith("/") && path === suffix.slice(1)),
    reachesInto: () => true,
  };
}

function firstOther(tokens: readonly Token[]): number {
  const index = tokens.findIndex(({ kind }) => kind !== "one");
  return index === -1 ? tokens.length : index;
}

function literal(tokens: readonly Token[]): string {
  return tokens.map((token) => String.fromCodePoint(token.kind === "one" ? token.code : 0)).join("");
}

/** The longest text that stands for itself in a pattern. */
function longestLiteral(tokens: readonly Token[]): string {
  let [longest, from] = ["", 0];
  for (let at = 0; at <= tokens.length; at++) {
    if (tokens[at]?.kind === "one") continue;
    if (at - from > longest.length) longest = literal(tokens.slice(from, at));
    from = at + 1;
  }
  return longest;
}

interface Parsed {
  readonly tokens: readonly Token[];
  /** Whether a `**` at one end is all that is special in it. */
  readonly isPlain: boolean;
}

const slash = 0x2f;
const noSlash: Token = { kind: "set", has: (code) => code !== slash };

/** Undefined where moby's patternmatcher, which makes a regular expression of it, could not. */
function parseTokens(pattern: string): Parsed | undefined {
  const reader = patternReader(pattern);
  const tokens: Token[] = [];
  /** Whether anything but plain characters came before, or comes in the end. */
  let special = 0;
  let stars = 0;
  for (let character = reader.next(); character !== undefined; character = reader.next()) {
    const token = ignoreToken(character, reader);
    if (token === undefined) return undefined;
    if (token.kind === "all" || token.kind === "folders") stars += 1;
    else if (
      character === "*" ||
      character === "?" ||
      character === "[" ||
      character === "]" ||
      character === "\\"
    ) {
      special += 1;
    }
    tokens.push(token);
  }
  return { tokens, isPlain: special === 0 && stars === 1 };
}

function ignoreToken(character: string, reader: PatternReader): Token | undefined {
  if (character === "*") return starToken(reader);
  if (character === "?") return noSlash;
  if (character === "[") return readClass(reader);
  if (character !== "\\") return { kind: "one", code: character.codePointAt(0) ?? 0 };
  const escaped = reader.next();
  return escaped === undefined ? undefined : escapeToken(escaped);
}

function starToken(reader: PatternReader): Token {
  if (reader.peek() !== "*") return { kind: "name" };
  reader.next();
  if (reader.peek() === "/") reader.next();
  return { kind: reader.peek() === undefined ? "all" : "folders" };
}

const classes: Readonly<Record<string, RegExp>> = { d: /\d/, s: /[\t\n\f\r ]/, w: /\w/ };
const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** moby hands a backslash with what follows to Go's regular expressions, where letters have meanings. */
function escapeToken(character: string): Token | undefined {
  const lower = character.toLowerCase();
  const found = Object.hasOwn(classes, lower) ? classes[lower] : undefined;
  if (found !== undefined) {
    const wanted = lower === character;
    return { kind: "set", has: (code) => found.test(String.fromCodePoint(code)) === wanted };
  }
  const control = Object.hasOwn(controls, character) ? controls[character] : undefined;
  if (control === undefined && /[0-9A-Za-z]/.test(character)) return undefined;
  return { kind: "one", code: control ?? character.codePointAt(0) ?? 0 };
}
