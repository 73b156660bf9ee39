import { editDistance, nearest } from "@drayage/transport";
import type { CommandDefinition } from "../command.ts";
import { spelling } from "../flags/arguments.ts";
import { suggestedFlags } from "../flags/suggested-flags.ts";
import { otherTools } from "./command-names.ts";

/** The flags that may be meant by one that a command does not have. */
function meantFlags(written: string, parameters: CommandDefinition["parameters"]): readonly string[] {
  const keys = new Map(Object.keys(parameters.flags ?? {}).map((key) => [spelling(key), key]));
  const alike = keys.get(nearest(written, keys.keys()) ?? "");
  return suggestedFlags(written.slice(2), { parameters }, alike === undefined ? [] : [alike]);
}

/** What other tools have a flag for, and a command of buildah's a word. */
const wordsInstead: Readonly<Record<string, readonly (readonly [flags: RegExp, hint: string])[]>> = {
  commit: [[/^--(?:tag|name|image|output)$/, "the image's name stands behind the container's"]],
  from: [[/^--(?:from|image|base|tag)$/, "the image's name stands behind the flags"]],
  tag: [[/^--(?:tag|name)$/, "new names stand behind the image's"]],
  run: [[/^--(?:rm|detach|name)$/, "it is run in the working container, which stays: rm removes it"]],
};

/** What letters stand for in other tools. */
const letters: Readonly<Record<string, string>> = {
  "-e": "--env",
  "-i": "--interactive",
  "-l": "--label",
  "-n": "--name",
  "-o": "--output",
  "-p": "--port",
  "-t": "--tag",
  "-u": "--user",
  "-v": "--volume",
  "-w": "--workdir",
};

/** What to write instead of a flag, `--workdir` or `-w`, that a command does not have. */
export function insteadOfFlag(
  written: string,
  { command, parameters }: { readonly command: string; readonly parameters: CommandDefinition["parameters"] },
): string {
  const name = letters[written] ?? written;
  const word = wordsInstead[command]?.find(([flags]) => flags.test(name))?.[1];
  const group = command.startsWith("manifest") ? "" : "builder ";
  const help = `see dray ${group}${command === "" ? "" : `${command} `}--help`;
  if (word !== undefined) return `${word}; ${help}`;
  const meant = name.startsWith("--") ? meantFlags(name, parameters) : [];
  return meant.length === 0 ? help : `did you mean ${meant.join(" or ")}? ${help}`;
}

/** The commands that may be meant, by the rule of buildah's parser (cobra): two letters that differ, or the beginning. */
export function meantCommands(written: string, commands: readonly string[]): readonly string[] {
  const typed = written.toLowerCase();
  return commands.filter((name) => name.startsWith(typed) || editDistance(typed, name) <= 2).toSorted();
}

/** Of the commands that may be meant those that are nearest. */
function nearestCommands(written: string, commands: readonly string[]): readonly string[] {
  const typed = written.toLowerCase();
  const distance = (name: string): number => (name.startsWith(typed) ? 0 : editDistance(typed, name));
  const meant = meantCommands(written, commands);
  const least = Math.min(...meant.map(distance));
  return meant.filter((name) => distance(name) === least);
}

/** What to call instead of a command that is not there. */
export function insteadOfCommand(
  written: string,
  {
    where,
    commands,
    all,
  }: {
    /** The group that it was asked of: `builder`. */
    readonly where: string;
    /** The group's commands. */
    readonly commands: readonly string[];
    /** Those of dray itself. */
    readonly all: readonly string[];
  },
): string {
  const other = otherTools[written];
  const meant =
    other !== undefined && commands.includes(other) ? [other] : nearestCommands(written, commands);
  const help = `see dray ${where} --help`;
  if (meant.length > 0) return `did you mean ${meant.join(" or ")}? ${help}`;
  return all.includes(written) ? `did you mean dray ${written}? ${help}` : help;
}
