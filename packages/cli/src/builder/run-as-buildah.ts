import { isDrayageError } from "@drayage/errors";
import type { CommandDefinition } from "../command.ts";
import type { Commands, OpenGroup } from "../command-group.ts";
import type { DrayContext } from "../context.ts";
import { errorText } from "../error-text.ts";
import { exitCodeOf, exitCodes } from "../exit-codes.ts";
import { versionLine } from "../version.ts";
import {
  builderCommands,
  needsRoot,
  notThere,
  otherCommandNames,
  takesFlagsBetweenWords,
} from "./builder-commands.ts";
import { type BuilderFlags, builderFlags } from "./flags.ts";
import { refuseNotServed } from "./not-served.ts";
import { type ParsedArguments, parseArguments } from "./parse-arguments.ts";
import { type Called, said, withHint } from "./said.ts";

/** The exit status of what is wrong with buildah itself, not with what it ran. */
const genericFailure = 125;

/** The exit status of a command that the runtime could not start. */
const notStarted = 1;

/** Runs a command line of buildah's: `from --name x scratch`. Gives the exit status; never throws. */
export async function runAsBuildah(argv: readonly string[], context: DrayContext): Promise<number> {
  let debug = false;
  let called: Called | undefined;
  try {
    const line = splitLine(argv, context);
    if (line.name === undefined) return await answerAlone(line.parsed, context);
    const { commands, path, name, rest } = await commandIn(line.name, line.rest, context);
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) {
      const { tellUnknownCommand } = await import("./unknown-command.ts");
      await tellUnknownCommand(context, { name, path, commands });
      return genericFailure;
    }
    called = { command: [...path, name].join(" "), parameters: command.parameters };
    const { flags, words, asksForHelp } = parseArguments(rest, command.parameters, {
      context,
      interspersed: path.length > 0 || takesFlagsBetweenWords.has(name),
    });
    if (asksForHelp) return await showHelp([...path, name], context);
    debug = checkGlobals(flags);
    refuseNotServed(flags);
    const again = path.length === 0 && needsRoot.has(name) ? await runAgainAsRoot(context) : undefined;
    if (again !== undefined) return again;
    const loaded = await command.loader();
    const run = typeof loaded === "function" ? loaded : loaded.default;
    await run.call({ ...context, personality: "buildah", calledAs: context.personality }, flags, ...words);
    return Number(context.process.exitCode ?? exitCodes.success);
  } catch (caught) {
    const error = context.personality === "dray" ? await withHint(caught, called) : caught;
    context.process.stderr.write(`${errorText(error, { personality: context.personality, debug })}\n`);
    if (isDrayageError(error, "ERR_DRAYAGE_ABORTED")) return exitCodeOf(error);
    return couldNotStart(error) ? notStarted : genericFailure;
  }
}

function couldNotStart(error: unknown): boolean {
  return (
    isDrayageError(error, "ERR_DRAYAGE_COMMAND_NOT_FOUND") ||
    isDrayageError(error, "ERR_DRAYAGE_COMMAND_NOT_EXECUTABLE") ||
    isDrayageError(error, "ERR_DRAYAGE_RUNTIME")
  );
}

/**
 * Who is not root does what changes files of the store as root of a user namespace, as with buildah: the same command line again. Gives its
 * exit status; undefined where it is not needed.
 */
async function runAgainAsRoot({ again, env }: DrayContext): Promise<number | undefined> {
  if (again === undefined || process.getuid?.() === 0 || process.platform !== "linux") return undefined;
  const { inUserNamespace, runInUserNamespace } = await import("@drayage/run");
  if (inUserNamespace(env)) return undefined;
  // Without the signal, which would kill it: what we get it gets, too, and cleans up after itself.
  return (await runInUserNamespace(again, { env: { ...env } })).exitCode;
}

interface Line {
  /** The command; absent where there is none. */
  readonly name: string | undefined;
  /** The arguments but for the command's name: flags may stand before it. */
  readonly rest: readonly string[];
  readonly parsed: ParsedArguments;
}

// The parser, too, forgets the types of flags.
const globals = { flags: builderFlags } as unknown as CommandDefinition["parameters"];

/** Finds the command's name behind what flags stand before it. */
function splitLine(argv: readonly string[], context: DrayContext): Line {
  const at = nameAt(argv);
  if (at !== undefined) {
    const rest = [...argv.slice(0, at), ...argv.slice(at + 1)];
    return { name: argv[at], rest, parsed: { flags: {}, words: [], asksForHelp: false } };
  }
  const asks = argv.some((argument) => argument === "--version" || argument === "-v");
  const flags = argv.filter((argument) => argument !== "--version" && argument !== "-v");
  const parsed = parseArguments(flags, globals, { context, interspersed: true });
  return { name: undefined, rest: [], parsed: { ...parsed, words: asks ? ["--version"] : [] } };
}

/** Where the first word is that is neither a flag nor a flag's value. */
function nameAt(argv: readonly string[]): number | undefined {
  const known = builderFlags as Readonly<Record<string, { readonly kind: string }>>;
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? "";
    if (!argument.startsWith("-")) return at;
    if (argument === "--version" || argument === "-v") return undefined;
    const key = argument.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const flag = Object.hasOwn(known, key) ? known[key] : undefined;
    if (argument.startsWith("--") && flag !== undefined && flag.kind !== "boolean") at += 1;
  }
  return undefined;
}

async function answerAlone({ words, asksForHelp }: ParsedArguments, context: DrayContext): Promise<number> {
  if (words.length > 0 && !asksForHelp) {
    context.process.stdout.write(versionLine("buildah"));
    return exitCodes.success;
  }
  return showHelp([], context);
}

interface InCommands {
  readonly commands: Commands;
  /** The words before the command's name: `manifest`. */
  readonly path: readonly string[];
  readonly name: string;
  readonly rest: readonly string[];
}

/** The commands that a name is one of: those of the group, or of a group within. */
async function commandIn(given: string, rest: readonly string[], context: DrayContext): Promise<InCommands> {
  const name = Object.hasOwn(otherCommandNames, given) ? (otherCommandNames[given] ?? given) : given;
  if (Object.hasOwn(notThere, name)) throw said(`${given}: ${notThere[name]}`);
  if (name === "help") return { commands: { help: helpCommand(context) }, path: [], name, rest };
  if (name !== "manifest") return { commands: builderCommands, path: [], name, rest };
  const { manifestCommands } = await import("../commands/manifest.commands.ts");
  const at = nameAt(rest);
  const commands = { ...manifestCommands, "": groupHelp(context, "manifest") };
  if (at === undefined) return { commands, path: ["manifest"], name: "", rest };
  return {
    commands,
    path: ["manifest"],
    name: rest[at] ?? "",
    rest: [...rest.slice(0, at), ...rest.slice(at + 1)],
  };
}

/** `help from` */
function helpCommand(context: DrayContext): CommandDefinition {
  return helpOf(async (path) => {
    await showHelp(path, context);
  });
}

function groupHelp(context: DrayContext, group: string): CommandDefinition {
  return helpOf(async () => {
    await showHelp([group], context);
  });
}

function helpOf(show: (path: readonly string[]) => Promise<void>): CommandDefinition {
  return {
    loader:
      async () =>
      async (_flags: unknown, ...path: unknown[]) => {
        await show(path.map(String));
      },
    parameters: globals,
    forParser: (build) =>
      build<Record<never, never>, []>({
        func: () => {},
        parameters: {},
        docs: { brief: "Help about any command" },
      }),
  };
}

async function showHelp(path: readonly string[], context: DrayContext): Promise<number> {
  const { runByParser } = await import("../app.ts");
  const group =
    path[0] === "manifest" ? await manifestGroup() : { name: "builder", commands: builderCommands };
  const before = context.personality === "buildah" || path[0] === "manifest" ? [] : ["builder"];
  await runByParser([...before, ...path, "--help"], context, { debug: false, group });
  return Number(context.process.exitCode ?? exitCodes.success);
}

async function manifestGroup(): Promise<OpenGroup> {
  const { manifestCommands } = await import("../commands/manifest.commands.ts");
  return { name: "manifest", commands: manifestCommands };
}

const levels: ReadonlySet<string> = new Set([
  "trace",
  "debug",
  "info",
  "warn",
  "warning",
  "error",
  "fatal",
  "panic",
]);

/** Checks the flags that all commands have. Gives whether errors are to be shown in full. */
function checkGlobals(given: Readonly<Record<string, unknown>>): boolean {
  const flags = given as BuilderFlags;
  const { logLevel = "warn" } = flags;
  if (!levels.has(logLevel.toLowerCase())) {
    throw said(
      `unable to parse log level: not a valid logrus Level: ${JSON.stringify(logLevel)}`,
      [...levels].join(", "),
    );
  }
  return flags.debug === true || /^(debug|trace)$/i.test(logLevel);
}
