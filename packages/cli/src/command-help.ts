import { type BaseArgs, buildCommand, type Command, type CommandBuilderArguments } from "@stricli/core";
import type { NamedWords } from "./command.ts";
import type { DrayContext } from "./context.ts";
import { sharedSubjects } from "./flags/kinds.ts";
import { textParser } from "./flags/parsers.ts";

interface Parameters {
  readonly flags?: Readonly<Record<string, object>> | undefined;
  readonly positional?: { readonly kind: string; readonly named?: NamedWords } | undefined;
}

/** The parser's command, whose help shows its own flags before those of many commands, and names each of its words. */
export function commandWithHelp<
  const Flags extends Readonly<Partial<Record<keyof Flags, unknown>>>,
  const Args extends BaseArgs,
>(definition: CommandBuilderArguments<Flags, Args, DrayContext>): Command<DrayContext> {
  const parameters: Parameters = definition.parameters;
  const { flags = {}, positional } = parameters;
  const named = positional?.named;
  const usage = named && Object.keys(named).join(" ");
  const command = buildCommand<Flags, Args, DrayContext>({
    ...definition,
    parameters: {
      ...parameters,
      flags: inOrderOfHelp(flags),
      ...(named === undefined ? {} : { positional: wordParameters(named) }),
    },
    docs: { ...definition.docs, ...(usage === undefined ? {} : { customUsage: [usage] }) },
  } as unknown as typeof definition);
  if (usage === undefined) return command;
  return { ...command, formatUsageLine: ({ prefix }) => [...prefix, usage].join(" ").trimEnd() };
}

const subjects: readonly unknown[] = sharedSubjects;

function inOrderOfHelp(flags: Readonly<Record<string, object>>): Readonly<Record<string, object>> {
  const placeOf = (flag: object): number => ("shared" in flag ? 1 + subjects.indexOf(flag.shared) : 0);
  return Object.fromEntries(Object.entries(flags).sort(([, a], [, b]) => placeOf(a) - placeOf(b)));
}

interface WordParameter {
  readonly parse: typeof textParser;
  readonly placeholder: string;
  readonly brief: string;
  readonly optional: boolean;
}

function wordParameters(named: NamedWords): {
  readonly kind: "tuple";
  readonly parameters: readonly WordParameter[];
} {
  const parameters = Object.entries(named).map(([word, brief]) => {
    const optional = word.startsWith("[");
    // The parser writes the brackets itself.
    return { parse: textParser, placeholder: word.replace(/^\[|\]$/g, ""), brief, optional };
  });
  return { kind: "tuple", parameters };
}
