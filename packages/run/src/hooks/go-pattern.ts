import type { Refuse } from "./refuse.ts";

const lengthLimit = 4096;
const countLimit = 1000;

/** A regular expression of Go's package regexp. */
export interface GoPattern {
  /** As it is written. */
  readonly text: string;
  /** Finds the same. */
  readonly expression: RegExp;
}

/**
 * A regular expression of Go's package regexp as one of JavaScript that finds the same. Flags may stand at its beginning: `(?i)`, `(?s)`.
 * What else Go has and JavaScript has not is refused, and what JavaScript alone has, too.
 */
export function goPattern(text: string, refuseFile: Refuse): GoPattern {
  if (text.length > lengthLimit) {
    throw refuseFile(`a pattern has ${text.length} characters, where at most ${lengthLimit} are accepted`);
  }
  const refuse: Refuse = (why, cause) => refuseFile(`the pattern ${JSON.stringify(text)}: ${why}`, cause);
  const [start = "", flags = ""] = /^\(\?([is]+)\)/.exec(text) ?? [];
  const source = translate(
    { text, at: start.length },
    { any: flags.includes("s") ? "[^]" : "[^\\n]", refuse },
  );
  try {
    return { text, expression: new RegExp(source, flags.includes("i") ? "iv" : "v") };
  } catch (cause) {
    // The words are behind the expression, which is not the one that was written.
    const [why = ""] = /[^:/]*$/.exec(cause instanceof Error ? cause.message : "") ?? [];
    throw refuse(why.trim(), cause);
  }
}

interface Cursor {
  readonly text: string;
  at: number;
}

/** What the sticky expression finds at the cursor, which goes behind it. */
function take(cursor: Cursor, token: RegExp): RegExpExecArray | undefined {
  token.lastIndex = cursor.at;
  const found = token.exec(cursor.text);
  if (found === null) return undefined;
  cursor.at = token.lastIndex;
  return found;
}

function translate(
  cursor: Cursor,
  { any, refuse }: { readonly any: string; readonly refuse: Refuse },
): string {
  let source = "";
  while (cursor.at < cursor.text.length) {
    source +=
      group(cursor, refuse) ??
      bracket(cursor, refuse) ??
      assertion(cursor) ??
      escaped(cursor, refuse)?.source ??
      repetition(cursor, refuse) ??
      take(cursor, /[\^$|)*+?]/y)?.[0] ??
      (take(cursor, /\./y) && any) ??
      literal(cursor);
  }
  return source;
}

/** Groups are only found, so that none needs its number or name. */
function group(cursor: Cursor, refuse: Refuse): string | undefined {
  if (take(cursor, /\(\?(?:P?<\w+>|:)/y) || take(cursor, /\((?!\?)/y)) return "(?:";
  const [unknown] = take(cursor, /\(\?(?:<?[=!]|.?)/suy) ?? [];
  if (unknown === undefined) return undefined;
  throw refuse(`${unknown} is not supported; flags are taken at its beginning, (?i) and (?s)`);
}

function repetition(cursor: Cursor, refuse: Refuse): string | undefined {
  const found = take(cursor, /\{(\d+)(?:,(\d*))?\}/y);
  if (found?.slice(1).some((count) => Number(count ?? 0) > countLimit))
    throw refuse(`${found[0]} is more than ${countLimit}`);
  return found?.[0];
}

const assertions: Readonly<Record<string, string>> = { A: "^", z: "$", b: "\\b", B: "\\B" };

function assertion(cursor: Cursor): string | undefined {
  return assertions[take(cursor, /\\([AzbB])/y)?.[1] ?? ""];
}

/** What stands between brackets, too. */
interface Piece {
  readonly source: string;
  /** One character, so that it may begin or end a range. */
  readonly single: boolean;
}

const perl: Readonly<Record<string, string>> = { d: "0-9", s: "\\t\\n\\f\\r ", w: "0-9A-Za-z_" };
const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

function escaped(cursor: Cursor, refuse: Refuse): Piece | undefined {
  const [, kind] = take(cursor, /\\([dswDSW])/y) ?? [];
  if (kind !== undefined) {
    const members = perl[kind.toLowerCase()] ?? "";
    return { source: kind in perl ? `[${members}]` : `[^${members}]`, single: false };
  }
  const [, p, property = "", letter = property] = take(cursor, /\\([pP])(?:\{(\w+)\}|(\w))/y) ?? [];
  if (p !== undefined) {
    const isCategory = /^[CLMNPSZ][a-z]?$/.test(letter);
    return { source: `\\${p}{${isCategory ? letter : `Script=${letter}`}}`, single: false };
  }
  const [, long, short = long] = take(cursor, /\\x(?:\{([\da-fA-F]{1,6})\}|([\da-fA-F]{2}))/y) ?? [];
  if (short !== undefined) return single(Number.parseInt(short, 16));
  const [, control] = take(cursor, /\\([afnrtv])/y) ?? [];
  if (control !== undefined) return single(controls[control] ?? 0);
  const [, sign] = take(cursor, /\\([!-/:-@[-`{-~])/y) ?? [];
  if (sign !== undefined) return single(sign.codePointAt(0) ?? 0);
  const [unknown] = take(cursor, /\\.?/suy) ?? [];
  if (unknown === undefined) return undefined;
  throw refuse(`${unknown} is not supported`);
}

function single(codePoint: number): Piece {
  return { source: `\\u{${codePoint.toString(16)}}`, single: true };
}

function literal(cursor: Cursor): string {
  const codePoint = cursor.text.codePointAt(cursor.at) ?? 0;
  cursor.at += codePoint > 0xffff ? 2 : 1;
  return single(codePoint).source;
}

/** Sets of POSIX, as `[:alpha:]` between brackets. */
const posixSets: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7F",
  blank: "\\t ",
  cntrl: "\\x00-\\x1F\\x7F",
  digit: "0-9",
  graph: "\\x21-\\x7E",
  lower: "a-z",
  print: "\\x20-\\x7E",
  punct: "\\x21-\\x2F\\x3A-\\x40\\x5B-\\x60\\x7B-\\x7E",
  space: "\\t\\n\\v\\f\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};

function bracket(cursor: Cursor, refuse: Refuse): string | undefined {
  const open = take(cursor, /\[\^?/y)?.[0];
  if (open === undefined) return undefined;
  let source = open;
  // One that comes first ends nothing.
  for (let isFirst = true; isFirst || !take(cursor, /\]/y); isFirst = false) {
    if (cursor.at >= cursor.text.length) throw refuse("a [ is not closed");
    source += posixSet(cursor, refuse) ?? range(cursor, refuse);
  }
  return `${source}]`;
}

function posixSet(cursor: Cursor, refuse: Refuse): string | undefined {
  const [all, not, name = ""] = take(cursor, /\[:(\^?)(\w*):\]/y) ?? [];
  if (all === undefined) return undefined;
  const members = Object.hasOwn(posixSets, name) ? posixSets[name] : undefined;
  if (members === undefined) throw refuse(`${all} is not supported`);
  return `[${not}${members}]`;
}

/** One member, or the two of a range. */
function range(cursor: Cursor, refuse: Refuse): string {
  const member = (): Piece => escaped(cursor, refuse) ?? { source: literal(cursor), single: true };
  const from = member();
  if (!from.single || !take(cursor, /-(?=[^\]])/sy)) return from.source;
  const to = member();
  if (!to.single) throw refuse("a range between brackets ends with no character");
  return `${from.source}-${to.source}`;
}
