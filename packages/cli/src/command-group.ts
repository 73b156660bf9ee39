import type { CommandDefinition } from "./command.ts";
import type { DrayContext } from "./context.ts";

/** Commands by name. */
export type Commands = Readonly<Record<string, CommandDefinition>>;

/** Commands that stand behind a word of their own: `dray manifest create`. */
export interface CommandGroup {
  readonly brief: string;
  /** What the group's help says above its commands; {@link brief} where absent. */
  readonly fullDescription?: string | undefined;
  /** Its commands, which are loaded when one of them is called or asked about. */
  readonly load: () => Promise<Commands>;
  /** Reads the arguments behind the group's name in another tool's manner, instead of dray's, and does what they say; gives the exit status. */
  readonly run?: ((argv: readonly string[], context: DrayContext) => Promise<number>) | undefined;
}

/** A group whose commands are there. */
export interface OpenGroup {
  readonly name: string;
  readonly commands: Commands;
}

/** A command that was found, and the words behind its name. */
export interface FoundCommand {
  /** As it is called: `copy`, `manifest create`. */
  readonly name: string;
  readonly command: CommandDefinition;
  readonly rest: readonly string[];
}

/** The command that the arguments begin with, one of a group by two words; undefined where there is none. */
export function findCommand(
  [first = "", ...others]: readonly string[],
  commands: Commands,
  group?: OpenGroup,
): FoundCommand | undefined {
  if (group !== undefined && first === group.name) {
    const found = findCommand(others, group.commands);
    return found && { ...found, name: `${first} ${found.name}` };
  }
  const command = Object.hasOwn(commands, first) ? commands[first] : undefined;
  return command && { name: first, command, rest: others };
}
