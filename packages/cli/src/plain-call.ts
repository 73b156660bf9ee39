import type { CommandDefinition } from "./command.ts";
import type { DrayContext } from "./context.ts";
import { spelling } from "./flags/arguments.ts";

/** What a command's function is called with. */
export interface PlainCall {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly words: readonly unknown[];
}

/** What of a flag's or an argument's definition decides over its value. */
interface Parameter {
  readonly kind?: string;
  readonly values?: readonly string[];
  readonly variadic?: boolean | string;
  readonly optional?: boolean;
  readonly default?: unknown;
  readonly parse?: (this: DrayContext, input: string) => unknown;
}

/**
 * The call that the tidy arguments of a command stand for. Undefined where the parser has to answer: to a mistake, to
 * a request for help, to anything unusual. For the rest it is not loaded: that takes as long as to inspect an image.
 */
export function plainCall(
  argv: readonly string[],
  { parameters }: Pick<CommandDefinition, "parameters">,
  context: DrayContext,
): PlainCall | undefined {
  const { flags: known = {}, positional } = parameters;
  try {
    const given = read(argv, known, context);
    const expected = expectedWords(positional, given.words.length);
    if (expected === undefined) return undefined;
    const isWhole = Object.entries<Parameter>(known).every(
      ([key, flag]) => key in given.flags || mayLack(flag),
    );
    const words = given.words.map((word, at) => parsed(word, expected[at], context));
    return isWhole ? { flags: given.flags, words } : undefined;
  } catch {
    // The parser finds the same mistake, and has the words for it.
    return undefined;
  }
}

type Positional = CommandDefinition["parameters"]["positional"];

/** A parameter for each of so many arguments; undefined where a command does not take so many. */
function expectedWords(positional: Positional, count: number): readonly Parameter[] | undefined {
  if (positional?.kind === "array") {
    const { parameter, minimum = 0, maximum = Number.POSITIVE_INFINITY } = positional;
    return count >= minimum && count <= maximum ? Array<Parameter>(count).fill(parameter) : undefined;
  }
  const expected: readonly Parameter[] = positional?.parameters ?? [];
  return expected.length === count ? expected : undefined;
}

function read(
  argv: readonly string[],
  known: Readonly<Record<string, Parameter>>,
  context: DrayContext,
): { readonly flags: Record<string, unknown>; readonly words: readonly string[] } {
  const keys = new Map(Object.keys(known).map((key) => [spelling(key), key]));
  const flags: Record<string, unknown> = {};
  const words: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? "";
    if (!argument.startsWith("-")) {
      words.push(argument);
      continue;
    }
    const equals = argument.indexOf("=");
    const key = keys.get(equals < 0 ? argument : argument.slice(0, equals));
    const flag = key === undefined ? undefined : known[key];
    if (key === undefined || flag === undefined) throw unusual();
    if (flag.kind === "boolean") {
      flags[key] = equals < 0 || switchValue(argument.slice(equals + 1));
      continue;
    }
    const value = equals < 0 ? argv[++at] : argument.slice(equals + 1);
    flags[key] = withValue(flags[key], value, { flag, context });
  }
  return { flags, words };
}

/** A switch that is turned on or off by a word; other words are the parser's. */
function switchValue(text: string): boolean {
  if (text !== "true" && text !== "false") throw unusual();
  return text === "true";
}

/** What a flag has after one more value was given. */
function withValue(
  before: unknown,
  value: string | undefined,
  { flag, context }: { readonly flag: Parameter; readonly context: DrayContext },
): unknown {
  if (value === undefined) throw unusual();
  if (flag.variadic === undefined) {
    if (before !== undefined) throw unusual();
    return parsed(value, flag, context);
  }
  const items = typeof flag.variadic === "string" ? value.split(flag.variadic) : [value];
  return [
    ...((before as readonly unknown[] | undefined) ?? []),
    ...items.map((item) => parsed(item, flag, context)),
  ];
}

function parsed(value: string, parameter: Parameter | undefined, context: DrayContext): unknown {
  if (parameter?.kind === "enum" && parameter.values?.includes(value)) return value;
  if (parameter?.parse === undefined || !mayBePlain(parameter)) throw unusual();
  return parameter.parse.call(context, value);
}

/** Defaults are the parser's to fill in. */
function mayBePlain(parameter: Parameter): boolean {
  return parameter.default === undefined;
}

function mayLack(flag: Parameter): boolean {
  return flag.optional === true && mayBePlain(flag);
}

function unusual(): Error {
  return new SyntaxError("an argument that is for the parser");
}
