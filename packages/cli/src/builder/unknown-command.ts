import { DrayageError } from "@drayage/errors";
import type { Commands } from "../command-group.ts";
import type { DrayContext } from "../context.ts";
import { errorLine } from "../error-text.ts";
import { notThere } from "./builder-commands.ts";
import { insteadOfCommand, meantCommands } from "./did-you-mean.ts";

interface UnknownCommand {
  readonly name: string;
  /** The words before it: `manifest`. */
  readonly path: readonly string[];
  /** Those that there are behind the same words. */
  readonly commands: Commands;
}

/** Says that there is no such command, and which one may be meant. */
export async function tellUnknownCommand(
  { personality, process }: DrayContext,
  { name, path, commands }: UnknownCommand,
): Promise<void> {
  const ofBuildah = path.length === 0 ? ["help", "manifest", ...Object.keys(notThere)] : [];
  const names = [...Object.keys(commands), ...ofBuildah].filter((one) => one !== "");
  if (personality === "buildah") {
    const where = ["buildah", ...path].join(" ");
    const message = `unknown command ${JSON.stringify(name)} for ${JSON.stringify(where)}`;
    process.stderr.write(`${errorLine(new DrayageError("ERR_DRAYAGE_USAGE", message), personality)}\n`);
    const meant = meantCommands(name, names).map((one) => `\t${one}\n`);
    if (meant.length > 0) process.stderr.write(`\nDid you mean this?\n${meant.join("")}\n`);
    return;
  }
  const { commands: all } = await import("../commands.ts");
  const where = path.length > 0 ? path.join(" ") : "builder";
  const error = new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `there is no command ${JSON.stringify(`${where} ${name}`)}`,
    {
      hint: insteadOfCommand(name, { where, commands: names, all: Object.keys(all) }),
    },
  );
  process.stderr.write(`${errorLine(error, personality)}\n`);
}
