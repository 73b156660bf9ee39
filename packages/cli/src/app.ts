import { DrayageError } from "@drayage/errors";
import {
  type Application,
  buildApplication,
  buildCommand,
  buildRouteMap,
  type Command,
  EnumValidationError,
  FlagNotFoundError,
  type InputCompletion,
  proposeCompletions,
  type RouteMap,
  run,
  text_en,
  UnexpectedPositionalError,
} from "@stricli/core";
import type { CommandDefinition } from "./command.ts";
import { type Commands, findCommand, type OpenGroup } from "./command-group.ts";
import { commandWithHelp } from "./command-help.ts";
import { commandGroups } from "./command-loaders.ts";
import { commands } from "./commands.ts";
import type { DrayContext } from "./context.ts";
import { errorText } from "./error-text.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { hiddenFlags } from "./flags/arguments.ts";
import { suggestedFlags } from "./flags/suggested-flags.ts";
import type { Personality } from "./personality.ts";
import { topCommands } from "./suggested-commands.ts";
import { helpWidth, helpWithin } from "./wrap-help.ts";

/** The command line of dray: its commands, and how its errors read. */
function buildDray(options: {
  readonly personality: Personality;
  readonly debug: boolean;
  /** What was called: errors in the arguments name its help. */
  readonly command: string | undefined;
  /** What it takes, where there is such a command. */
  readonly definition?: CommandDefinition | undefined;
  /** The group whose commands may be called. */
  readonly group: OpenGroup | undefined;
  /** The most characters of a line of help. */
  readonly width: number;
  /** Why there is no such command, where something is known of it. */
  readonly notThere?: string | undefined;
}): Application<DrayContext> {
  const line = (error: unknown): string => errorText(error, options);
  return buildApplication<DrayContext>(rootOf(options), {
    name: options.personality,
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    documentation: {
      caseStyle: "convert-camel-to-kebab",
      useAliasInUsageLine: false,
      onlyRequiredInUsageLine: true,
    },
    determineExitCode: exitCodeOf,
    localization: {
      text: {
        ...text_en,
        exceptionWhileRunningCommand: line,
        exceptionWhileLoadingCommandFunction: line,
        exceptionWhileLoadingCommandContext: line,
        commandErrorResult: line,
        exceptionWhileParsingArguments: (error) =>
          line(usageError(error, `${options.personality} ${options.command ?? ""}`, options.definition)),
        noCommandRegisteredForInput: ({ input, corrections }) =>
          line(unknownCommand(input, corrections, options)),
      },
    },
  });
}

/** All commands; of buildah, its own. */
function rootOf(options: {
  readonly personality: Personality;
  readonly group: OpenGroup | undefined;
  readonly width: number;
}): RouteMap<DrayContext> {
  return helpWithin(routesOf(options), options.width);
}

function routesOf({
  personality,
  group,
  width,
}: {
  readonly personality: Personality;
  readonly group: OpenGroup | undefined;
  readonly width: number;
}): RouteMap<DrayContext> {
  if (personality === "buildah") {
    const { brief, fullDescription = brief } = commandGroups.builder;
    const own = group?.name === "builder" ? builtCommands(group.commands, width) : {};
    return buildRouteMap<string, DrayContext>({
      routes: { ...own, ...builtGroups(group, { width, names: ["manifest"] }) },
      docs: { brief, fullDescription },
    });
  }
  return buildRouteMap<string, DrayContext>({
    routes: { ...builtCommands(commands, width), ...builtGroups(group, { width }) },
    docs: {
      brief: "Haul container images between registries, archives, layouts, folders and container storage",
      fullDescription: [
        "Haul container images between registries, archives, layouts, folders and the store that podman, buildah and skopeo",
        "share, and what plugins reach.",
        "",
        "An image is named as TRANSPORT:DETAILS; `dray transports` lists the transports. Those of the store are also named as podman's",
        "commands name them, by names and IDs.",
        "",
        "EXAMPLES",
        "  dray copy docker://quay.io/podman/stable oci-dir:layout:podman",
        "  dray copy docker-archive:app.tar oci-dir:layout:app",
        "  dray inspect oci-dir:layout:app",
        "  dray validate oci-archive:app.oci.tar",
        "  dray pull alpine",
      ].join("\n"),
    },
  });
}

function builtCommands(commands: Commands, width: number): Readonly<Record<string, Command<DrayContext>>> {
  return Object.fromEntries(
    Object.entries(commands).map(([name, definition]) => [
      name,
      helpWithin(definition.forParser(commandWithHelp), width),
    ]),
  );
}

/** The groups, of which only the open one has its commands. The others are lines of help. */
function builtGroups(
  open: OpenGroup | undefined,
  {
    width,
    names = Object.keys(commandGroups),
  }: { readonly width: number; readonly names?: readonly string[] },
): Readonly<Record<string, Command<DrayContext> | RouteMap<DrayContext>>> {
  const shown = Object.entries(commandGroups).filter(([name]) => names.includes(name));
  return Object.fromEntries(
    shown.map(([name, { brief, fullDescription }]) => [
      name,
      name === open?.name
        ? helpWithin(
            buildRouteMap<string, DrayContext>({
              routes: { ...builtCommands(open.commands, width), ...groupsWithin(name) },
              docs: { brief, ...(fullDescription === undefined ? {} : { fullDescription }) },
            }),
            width,
          )
        : lineOfHelp(brief),
    ]),
  );
}

/** buildah has a group of its own, which is the same as dray's. */
function groupsWithin(name: string): Readonly<Record<string, Command<DrayContext>>> {
  if (name !== "builder") return {};
  const line = lineOfHelp(commandGroups.manifest.brief);
  return { manifest: { ...line, formatUsageLine: ({ prefix }) => [...prefix, "COMMAND"].join(" ") } };
}

/** A command that is shown and never called. */
function lineOfHelp(brief: string): Command<DrayContext> {
  const positional = {
    kind: "tuple",
    parameters: [{ placeholder: "COMMAND", brief: "One of its commands", parse: String }],
  } as const;
  return buildCommand<Record<never, never>, [string], DrayContext>({
    func: () => {},
    parameters: { positional },
    docs: { brief },
  });
}

/** Runs a command line by the parser, which has help and words for mistakes. The context's process gets the exit code. */
export async function runByParser(
  argv: readonly string[],
  context: DrayContext,
  { debug, group }: { readonly debug: boolean; readonly group: OpenGroup | undefined },
): Promise<void> {
  const found = findCommand(argv, commands, group);
  const called = { command: found?.name ?? argv[0], definition: found?.command };
  const { personality, process } = context;
  const notThere = found === undefined && personality === "dray" ? await builderLacks(argv[0]) : undefined;
  const options = { personality, debug, group, width: helpWidth(process.stdout), notThere, ...called };
  await run(buildDray(options), argv, context);
}

async function builderLacks(name = ""): Promise<string | undefined> {
  const { reasonNotThere } = await import("./builder/not-there.ts");
  return reasonNotThere(name);
}

/** What may come next, for the words typed so far. */
export async function completions(
  words: readonly string[],
  context: DrayContext,
  group: OpenGroup | undefined,
): Promise<readonly string[]> {
  const { personality, process } = context;
  const width = helpWidth(process.stdout);
  const app = buildDray({ personality, debug: false, command: words[0], group, width });
  const hidden = findCommand(words, commands, group)?.command;
  return shownCompletions(await proposeCompletions(app, words, context), {
    begun: words.at(-1)?.startsWith("-") === true,
    hidden: new Set(hidden && hiddenFlags(hidden)),
  });
}

/** Flags are proposed where one was begun, and those that help does not show never. */
function shownCompletions(
  proposed: readonly InputCompletion[],
  { begun, hidden }: { readonly begun: boolean; readonly hidden: ReadonlySet<string> },
): readonly string[] {
  return proposed
    .filter(({ kind }) => kind !== "argument:flag" || begun)
    .map(({ completion }) => completion)
    .filter((text) => !hidden.has(text));
}

function usageError(
  error: unknown,
  command: string,
  definition: CommandDefinition | undefined,
): DrayageError {
  if (error instanceof UnexpectedPositionalError && command.endsWith(" login")) {
    // Of a password in two words that nobody has quoted, the second must not be shown.
    return new DrayageError("ERR_DRAYAGE_USAGE", "login accepts only one registry to log in to", {
      hint: `see ${command} --help`,
    });
  }
  return new DrayageError("ERR_DRAYAGE_USAGE", usageText(error), {
    hint: `${meantFlag(error, definition)}see ${command} --help`,
    cause: error,
  });
}

/** What is wrong with an argument. The parser's own sentence does not name the flag of a bad choice. */
function usageText(error: unknown): string {
  if (error instanceof EnumValidationError) {
    return `--${error.externalFlagName}: choose one of ${error.values.join(", ")}, not ${JSON.stringify(error.input)}`;
  }
  if (error instanceof FlagNotFoundError && error.aliasName === undefined) {
    return `there is no flag --${error.input}`;
  }
  const text = error instanceof Error ? error.message : String(error);
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function meantFlag(error: unknown, definition: CommandDefinition | undefined): string {
  if (!(error instanceof FlagNotFoundError) || error.aliasName !== undefined || definition === undefined) {
    return "";
  }
  const near = suggestedFlags(error.input, definition, error.corrections).join(" or ");
  return near === "" ? "" : `did you mean ${near}? `;
}

/** skopeo's commands that sign or verify, which dray does not yet. */
const signing: ReadonlySet<string> = new Set([
  "generate-sigstore-key",
  "standalone-sign",
  "standalone-verify",
]);

function unknownCommand(
  input: string,
  corrections: readonly string[],
  {
    personality,
    command,
    notThere,
  }: {
    readonly personality: Personality;
    readonly command: string | undefined;
    readonly notThere?: string | undefined;
  },
): DrayageError {
  if (signing.has(input)) {
    return new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `${input}: signing and verifying signatures are not supported yet`,
      {
        hint: "nothing was signed, and nothing verified",
      },
    );
  }
  if (notThere !== undefined) {
    return new DrayageError("ERR_DRAYAGE_USAGE", `${input}: ${notThere}`, {
      hint: "see dray builder --help",
    });
  }
  const inGroup = command !== undefined && command !== input && Object.hasOwn(commandGroups, command);
  const names = [...Object.keys(commands), ...Object.keys(commandGroups)];
  const meant = inGroup || personality === "buildah" ? corrections : topCommands(input, names, personality);
  const near = meant.length > 0 ? `did you mean ${meant.join(" or ")}? ` : "";
  const where = inGroup ? `${personality} ${command}` : personality;
  return new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `there is no command ${JSON.stringify(inGroup ? `${command} ${input}` : input)}`,
    { hint: `${near}see ${where} --help` },
  );
}
