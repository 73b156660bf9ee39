import type { CommandDefinition } from "../command.ts";
import { globalFlags } from "../global-flags.ts";
import { storePlaceFlags } from "../store/store-flags.ts";

/** What a command takes. */
export type CommandParameters = Pick<CommandDefinition["parameters"], "aliases"> & {
  readonly flags?: Readonly<Record<string, { readonly kind: string; readonly variadic?: unknown }>>;
};

/** The commands by name: what is read of them is which flags they take. */
export type KnownCommands = Readonly<Record<string, { readonly parameters: CommandParameters }>>;

/** The arguments from the name of a command or a group on, behind what flags every command takes. */
export function commandWords(argv: readonly string[]): readonly string[] {
  return scan(argv, everywhere(), { stopAtWord: true }).words;
}

/**
 * The arguments in one order and one spelling: the command's name, in a group behind the group's, its flags, and then the rest. Scripts rely on
 * freedoms of skopeo's and podman's parser that the one used here does not have: global flags before the command, shorthands
 * in one word (`-qf oci`, `-foci`), and flags given twice, of which the last counts.
 *
 * What is not understood stays as it is, for the parser to refuse.
 */
export function tidyArguments(
  argv: readonly string[],
  commands: KnownCommands,
  group?: { readonly name: string; readonly commands: KnownCommands },
): readonly string[] {
  const before = scan(argv, everywhere(), { stopAtWord: true });
  if (group !== undefined && before.words[0] === group.name) {
    // The command of a group takes the flags before its name, too.
    const inner = scan(before.words.slice(1), everywhere(), { stopAtWord: true });
    const given = [...before.given, ...inner.given];
    return [group.name, ...tidied({ given, words: inner.words }, group.commands)];
  }
  return tidied(before, commands);
}

function tidied({ given, words }: Scanned, commands: KnownCommands): readonly string[] {
  const [command, ...rest] = words;
  const known =
    command !== undefined && Object.hasOwn(commands, command) ? commands[command]?.parameters : undefined;
  if (command === undefined || known === undefined) return words;
  const after = scan(rest, knownFlags(known), { stopAtWord: false });
  return [command, ...spell([...given, ...after.given]), ...after.words];
}

/** The flags that may stand before a command's name. */
function everywhere(): ReadonlyMap<string, KnownFlag> {
  return knownFlags({ flags: { ...globalFlags, ...storePlaceFlags } });
}

/** The flags of a command that its help does not show, as they are written: `--sign-by`. */
export function hiddenFlags({ parameters }: { readonly parameters: CommandParameters }): readonly string[] {
  return Object.entries(parameters.flags ?? {})
    .filter(([, flag]) => "hidden" in flag && flag.hidden === true)
    .map(([key]) => spelling(key));
}

/** A flag's name as it is written: `dest-option` of `destOption`. */
export function spelling(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

interface KnownFlag {
  readonly name: string;
  readonly takesValue: boolean;
  readonly repeatable: boolean;
}

interface GivenFlag {
  readonly flag: KnownFlag;
  /** Absent for a switch that is just there. */
  readonly value: string | undefined;
}

interface Scanned {
  readonly given: readonly GivenFlag[];
  readonly words: readonly string[];
}

/** The flags by each of their spellings: `--dest-option`, `--destOption`, `-q`. */
function knownFlags({ flags = {}, aliases = {} }: CommandParameters): ReadonlyMap<string, KnownFlag> {
  const known = new Map<string, KnownFlag>();
  for (const [key, parameter] of Object.entries(flags)) {
    const name = spelling(key);
    const flag = {
      name,
      takesValue: parameter.kind !== "boolean",
      repeatable: parameter.variadic !== undefined,
    };
    for (const written of [name, `--${key}`]) known.set(written, flag);
  }
  for (const [letter, key] of Object.entries(aliases)) {
    const flag = known.get(`--${key}`);
    if (flag !== undefined) known.set(`-${letter}`, flag);
  }
  return known;
}

function scan(
  argv: readonly string[],
  known: ReadonlyMap<string, KnownFlag>,
  { stopAtWord }: { readonly stopAtWord: boolean },
): Scanned {
  const given: GivenFlag[] = [];
  const words: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? "";
    const flags = argument === "--" ? undefined : flagsOf(argument, known);
    const last = flags?.at(-1);
    const lacksValue = last?.flag.takesValue === true && last.value === undefined;
    const next = argv[at + 1];
    if (flags === undefined || last === undefined || (lacksValue && next === undefined)) {
      if (argument === "--" || stopAtWord) return { given, words: [...words, ...argv.slice(at)] };
      words.push(argument);
    } else if (lacksValue) {
      given.push(...flags.slice(0, -1), { flag: last.flag, value: next });
      at += 1;
    } else {
      given.push(...flags);
    }
  }
  return { given, words };
}

/** The flags of one argument, of which the last may still lack its value; undefined where it is not understood. */
function flagsOf(argument: string, known: ReadonlyMap<string, KnownFlag>): readonly GivenFlag[] | undefined {
  if (argument.startsWith("--")) {
    const equals = argument.indexOf("=");
    const flag = known.get(equals < 0 ? argument : argument.slice(0, equals));
    const value = equals < 0 ? undefined : argument.slice(equals + 1);
    return flag === undefined ? undefined : [{ flag, value }];
  }
  if (!/^-[a-z]/i.test(argument)) return undefined;
  const given: GivenFlag[] = [];
  for (let rest = argument.slice(1); rest !== ""; rest = rest.slice(1)) {
    const flag = known.get(`-${rest.charAt(0)}`);
    if (flag === undefined) return undefined;
    const tail = rest.slice(1);
    if (flag.takesValue || tail.startsWith("=")) {
      return [...given, { flag, value: tail === "" ? undefined : tail.replace(/^=/, "") }];
    }
    given.push({ flag, value: undefined });
  }
  return given;
}

function spell(given: readonly GivenFlag[]): readonly string[] {
  const lastOf = new Map(given.map((item) => [item.flag.name, item]));
  return given
    .filter((item) => item.flag.repeatable || lastOf.get(item.flag.name) === item)
    .flatMap(({ flag: { name, takesValue }, value }) => {
      if (value === undefined) return [name];
      // Behind a blank, a value with a dash would be taken for a flag.
      return takesValue && !value.startsWith("-") ? [name, value] : [`${name}=${value}`];
    });
}
