import type { CommandDefinition } from "../command.ts";
import type { DrayContext } from "../context.ts";
import { spelling } from "../flags/arguments.ts";
import { said, UnknownFlagError } from "./said.ts";

type Parameters = CommandDefinition["parameters"];

/** What of a flag's definition decides over its value. */
interface Flag {
  readonly kind?: string;
  readonly values?: readonly string[];
  readonly variadic?: boolean | string;
  readonly parse?: (this: DrayContext, input: string) => unknown;
  /** The value of a flag that stands without one: `--pull`. */
  readonly alone?: string;
}

interface KnownFlag {
  readonly key: string;
  readonly flag: Flag;
  /** As errors name it: `-q, --quiet`. */
  readonly title: string;
}

export interface ParsedArguments {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly words: readonly string[];
  readonly asksForHelp: boolean;
}

export interface ParseOptions {
  readonly context: DrayContext;
  /** Whether flags may stand behind words, too: most of buildah's commands take none behind the first. */
  readonly interspersed: boolean;
}

/** Older names of flags. */
const otherNames: Readonly<Record<string, string>> = {
  net: "network",
  "override-arch": "arch",
  "override-os": "os",
  tty: "terminal",
};

/**
 * Reads arguments as buildah's parser (pflag) does, with its words for mistakes: flags in one word (`-nq`, `-fname=x`), switches that
 * take `=false`, lists in the form of CSV, of a flag that is given twice the last.
 */
export function parseArguments(
  argv: readonly string[],
  { flags: known = {}, aliases = {} }: Parameters,
  { context, interspersed }: ParseOptions,
): ParsedArguments {
  const byName = knownFlags(known, aliases);
  const flags: Record<string, unknown> = {};
  const words: string[] = [];
  let asksForHelp = false;
  const set = (found: KnownFlag, value: string): void => {
    flags[found.key] = withValue(flags[found.key], value, { found, context });
  };
  const rest = [...argv];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === "--") {
      words.push(...rest);
      break;
    }
    if (!argument.startsWith("-") || argument === "-") {
      words.push(argument);
      if (interspersed) continue;
      words.push(...rest);
      break;
    }
    if (argument.startsWith("--")) asksForHelp ||= readLong(argument, rest, { byName, set });
    else asksForHelp ||= readShort(argument, rest, { byName, set });
    if (asksForHelp) break;
  }
  return { flags, words, asksForHelp };
}

function knownFlags(
  flags: Readonly<Record<string, Flag>>,
  aliases: Readonly<Record<string, string>>,
): ReadonlyMap<string, KnownFlag> {
  const known = new Map<string, KnownFlag>();
  const letters = new Map(Object.entries(aliases).map(([letter, key]) => [key, letter] as const));
  for (const [key, flag] of Object.entries(flags)) {
    const letter = letters.get(key);
    const name = spelling(key);
    const found = { key, flag, title: letter === undefined ? name : `-${letter}, ${name}` };
    known.set(name, found);
    if (letter !== undefined) known.set(`-${letter}`, found);
  }
  for (const [other, name] of Object.entries(otherNames)) {
    const found = known.get(`--${name}`);
    if (found !== undefined && !known.has(`--${other}`)) known.set(`--${other}`, found);
  }
  return known;
}

interface Reading {
  readonly byName: ReadonlyMap<string, KnownFlag>;
  readonly set: (found: KnownFlag, value: string) => void;
}

/** Gives whether help is asked for. */
function readLong(argument: string, rest: string[], { byName, set }: Reading): boolean {
  const equals = argument.indexOf("=");
  const name = equals < 0 ? argument : argument.slice(0, equals);
  const found = byName.get(name);
  if (found === undefined) {
    if (name === "--help") return true;
    if (name === "--" || name.startsWith("---")) throw said(`bad flag syntax: ${argument}`);
    throw new UnknownFlagError(`unknown flag: ${name}`, name);
  }
  const value = equals < 0 ? (aloneValue(found) ?? rest.shift()) : argument.slice(equals + 1);
  if (value === undefined) throw said(`flag needs an argument: ${name}`);
  set(found, value);
  return false;
}

/** `-n`, `-nq`, `-fx`, `-f=x`, `-f x`. */
function readShort(argument: string, rest: string[], { byName, set }: Reading): boolean {
  for (let letters = argument.slice(1); letters !== ""; ) {
    const letter = letters.charAt(0);
    const found = byName.get(`-${letter}`);
    const tail = letters.slice(1);
    if (found === undefined) {
      if (letter === "h") return true;
      throw new UnknownFlagError(`unknown shorthand flag: '${letter}' in -${letters}`, `-${letter}`);
    }
    if (tail.startsWith("=") && tail.length > 1) {
      set(found, tail.slice(1));
      return false;
    }
    const alone = aloneValue(found);
    if (alone !== undefined) {
      set(found, alone);
      letters = tail;
      continue;
    }
    const value = tail === "" ? rest.shift() : tail;
    if (value === undefined) throw said(`flag needs an argument: '${letter}' in -${letters}`);
    set(found, value);
    return false;
  }
  return false;
}

function aloneValue({ flag }: KnownFlag): string | undefined {
  return flag.kind === "boolean" ? "true" : flag.alone;
}

/** What Go's parsers of values take, by their names. */
const acceptedBy: Readonly<Record<string, string>> = {
  "strconv.ParseBool": "true, false",
  "strconv.ParseInt": "a whole number",
};

/** What a flag has after one more value was given. */
function withValue(
  before: unknown,
  value: string,
  { found, context }: { readonly found: KnownFlag; readonly context: DrayContext },
): unknown {
  const { flag, title } = found;
  const parse = (text: string): unknown => {
    try {
      if (flag.kind === "boolean") return goBoolean(text);
      if (flag.kind === "enum" && flag.values?.includes(text) === false)
        throw new SyntaxError(`choose one of ${flag.values.join(", ")}`);
      return flag.parse === undefined ? text : flag.parse.call(context, text);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const accepted = acceptedBy[why.slice(0, why.indexOf(":"))];
      const message = `invalid argument ${JSON.stringify(value)} for ${JSON.stringify(title)} flag`;
      const isGos = accepted !== undefined && context.personality === "dray";
      throw said(isGos ? message : `${message}: ${why}`, accepted);
    }
  };
  if (flag.variadic === undefined || flag.variadic === false) return parse(value);
  const items = typeof flag.variadic === "string" ? splitList(value, title) : [value];
  return [...((before as readonly unknown[] | undefined) ?? []), ...items.map(parse)];
}

const truths: ReadonlySet<string> = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const falsehoods: ReadonlySet<string> = new Set(["0", "f", "F", "false", "FALSE", "False"]);

function goBoolean(text: string): boolean {
  if (truths.has(text)) return true;
  if (falsehoods.has(text)) return false;
  throw new SyntaxError(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** The fields of one line of CSV: `a,"b,c"`. Nothing at all is no field. */
function splitList(text: string, title: string): readonly string[] {
  if (text === "") return [];
  const fields: string[] = [];
  let rest = text;
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(?=,|$)/.exec(rest);
    const field = quoted?.[0] ?? /^[^,]*/.exec(rest)?.[0] ?? "";
    if (quoted === null && field.includes('"')) {
      throw said(
        `invalid argument ${JSON.stringify(text)} for ${JSON.stringify(title)} flag: a quote is out of place`,
      );
    }
    fields.push(quoted === null ? field : (quoted[1] ?? "").replaceAll('""', '"'));
    if (field.length === rest.length) return fields;
    rest = rest.slice(field.length + 1);
  }
}
