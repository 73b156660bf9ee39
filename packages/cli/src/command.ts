import type { BaseArgs, Command, CommandBuilderArguments } from "@stricli/core";
import type { DrayContext } from "./context.ts";

/** A command as it is written down: what it takes, and where its code is. */
export interface CommandDefinition extends Pick<Command<DrayContext>, "loader" | "parameters"> {
  /** The command with its help, made by the parser, which is not loaded for every command line. */
  readonly forParser: (build: BuildCommand) => Command<DrayContext>;
}

/** Makes of a definition the parser's command. */
export type BuildCommand = <
  const Flags extends Readonly<Partial<Record<keyof Flags, unknown>>>,
  const Args extends BaseArgs,
>(
  definition: CommandBuilderArguments<Flags, Args, DrayContext>,
) => Command<DrayContext>;

/** What each of a command's words is, by the word as help writes it: `IMAGE`, `SOURCE...`, `[DESTINATION]`. */
export type NamedWords = Readonly<Record<string, string>>;

/** Defines a command by the types of its flags and arguments. */
export function defineCommand<
  const Flags extends Readonly<Partial<Record<keyof Flags, unknown>>>,
  const Args extends BaseArgs,
>(definition: CommandBuilderArguments<Flags, Args, DrayContext>): CommandDefinition {
  // Whoever calls a command by its name has no use for these types: the parser forgets them, too.
  const { loader, parameters } = definition as unknown as CommandDefinition;
  return { loader, parameters, forParser: (build) => build<Flags, Args>(definition) };
}
