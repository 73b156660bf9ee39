import { DrayageError } from "@drayage/errors";
import type { StricliProcess } from "@stricli/core";
import { type CommandGroup, type Commands, findCommand, type OpenGroup } from "./command-group.ts";
import { commandGroups, loadCommand } from "./command-loaders.ts";
import { runBuilder } from "./commands/builder.group.ts";
import type { DrayContext, Output } from "./context.ts";
import { errorLine, errorText } from "./error-text.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { commandWords, tidyArguments } from "./flags/arguments.ts";
import { durationParser } from "./flags/parsers.ts";
import { globalFlagValue } from "./global-flags.ts";
import { type Personality, personalityOf } from "./personality.ts";
import { plainCall } from "./plain-call.ts";
import type { Input } from "./prompt.ts";
import { isVersionRequest, versionLine } from "./version.ts";

/** What the command is started with. */
export interface Invocation {
  /** The arguments after the command's own name. */
  readonly argv: readonly string[];
  /** The name or path that it was called by. */
  readonly calledAs?: string | undefined;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Partial<Record<string, string>>>;
  readonly signal: AbortSignal;
  /** The process's own where absent. */
  readonly stdin?: (() => Input) | undefined;
  /** The program and arguments that this process was started with. */
  readonly again?: readonly string[] | undefined;
}

/** Runs dray, or what it is called as, and returns the exit status. Never throws. */
export async function main(invocation: Invocation): Promise<number> {
  const { stdout, stderr } = invocation;
  const personality = personalityOf(invocation.calledAs);
  const apart = argumentsApart(invocation.argv, personality);
  if (apart !== undefined) return apart.run(apart.argv, contextOf(invocation, personality));
  const name = calledName(invocation.argv);
  const [group, commands] = await Promise.all([openGroup(name), loadCommand(name)]);
  const tidy = tidyArguments(invocation.argv, commands, group);
  const [first] = tidy;
  if (isVersionRequest(first)) {
    stdout.write(versionLine(personality));
    return exitCodes.success;
  }
  if (first === undefined && personality === "skopeo") {
    stderr.write(`${errorLine(missingCommand(), personality)}\n`);
    return exitCodes.failure;
  }
  const argv = helpArguments(tidy);
  const signal = timedSignal(argv, invocation.signal);
  const context = contextOf({ ...invocation, signal }, personality);
  const debug = wantsDebug(argv);
  try {
    if (first === "__complete") {
      const { completions } = await import("./app.ts");
      for (const text of await completions(invocation.argv.slice(1), context, group))
        stdout.write(`${text}\n`);
      return exitCodes.success;
    }
    const status = await callPlainly(argv, context, { debug, group, commands });
    if (status !== undefined) return status;
    const { runByParser } = await import("./app.ts");
    await runByParser(argv, context, { debug, group });
  } catch (error) {
    stderr.write(`${errorLine(error, personality)}\n`);
    return exitCodeOf(error);
  }
  return statusOf(context);
}

function contextOf(
  { stdout, stderr, env, signal, stdin = () => process.stdin, again }: Invocation,
  personality: Personality,
): DrayContext {
  const stricliProcess: StricliProcess & { stdout: Output; stderr: Output } = {
    stdout,
    stderr,
    env: { ...env, STRICLI_SKIP_VERSION_CHECK: "1", ...(env.NO_COLOR ? { STRICLI_NO_COLOR: "1" } : {}) },
  };
  return { process: stricliProcess, env, personality, stdin, signal, again };
}

/** The command, or group of commands, that the arguments name, or ask for the help or completion of. */
function calledName(argv: readonly string[]): string {
  const asks = argv[0] === "help" || argv[0] === "__complete";
  return commandWords(asks ? argv.slice(1) : argv)[0] ?? "";
}

async function openGroup(name: string): Promise<OpenGroup | undefined> {
  const group = groupOf(name);
  return group && { name, commands: await group.load() };
}

function groupOf(name: string): CommandGroup | undefined {
  return Object.hasOwn(commandGroups, name) ? commandGroups[name as keyof typeof commandGroups] : undefined;
}

/** What a group that reads its arguments itself gets, and how it is run; undefined where it is not such a group that is called. */
function argumentsApart(
  argv: readonly string[],
  personality: Personality,
): { readonly run: NonNullable<CommandGroup["run"]>; readonly argv: readonly string[] } | undefined {
  if (personality === "buildah") return { run: runBuilder, argv };
  const words = commandWords(argv);
  const run = groupOf(words[0] ?? "")?.run;
  return run && { run, argv: [...argv.slice(0, argv.length - words.length), ...words.slice(1)] };
}

interface PlainOptions {
  readonly debug: boolean;
  readonly group: OpenGroup | undefined;
  readonly commands: Commands;
}

/** Calls a command whose arguments need no parser, and returns the exit status; undefined where they do. */
async function callPlainly(
  argv: readonly string[],
  context: DrayContext,
  { debug, group, commands }: PlainOptions,
): Promise<number | undefined> {
  const found = findCommand(argv, commands, group);
  const call = found && plainCall(found.rest, found.command, context);
  if (found === undefined || call === undefined) return undefined;
  try {
    const loaded = await found.command.loader();
    const run = typeof loaded === "function" ? loaded : loaded.default;
    await run.call(context, call.flags, ...call.words);
    return statusOf(context);
  } catch (error) {
    const text = errorText(error, { personality: context.personality, debug });
    context.process.stderr.write(
      hasColors(context) ? `\x1B[1m\x1B[31m${text}\x1B[39m\x1B[22m\n` : `${text}\n`,
    );
    return exitCodeOf(error);
  }
}

/** Whether the parser would write errors in colour. */
function hasColors({ process: { env = {}, stderr } }: DrayContext): boolean {
  return env.STRICLI_NO_COLOR === undefined && (stderr.getColorDepth?.(env) ?? 1) >= 4;
}

function statusOf(context: DrayContext): number {
  const status = Number(context.process.exitCode ?? exitCodes.success);
  return status < 0 ? exitCodes.failure : status;
}

/** To skopeo nothing at all is a mistake. */
function missingCommand(): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", "Missing command 'skopeo COMMAND'", {
    hint: "skopeo --help lists them",
  });
}

/** `help` and `help copy` mean `--help` and `copy --help`; nothing at all means `--help` too. */
function helpArguments(argv: readonly string[]): readonly string[] {
  if (argv.length === 0) return ["--help"];
  return argv[0] === "help" ? [...argv.slice(1), "--help"] : argv;
}

function wantsDebug(argv: readonly string[]): boolean {
  return argv.some((argument) => /^--debug(=(true|t|yes|y|on|1))?$/i.test(argument));
}

/** The caller's signal, which `--command-timeout` also aborts. A bad duration is left to the command's parser. */
function timedSignal(argv: readonly string[], signal: AbortSignal): AbortSignal {
  const value = globalFlagValue(argv, "--command-timeout");
  if (value === undefined) return signal;
  try {
    const duration = durationParser(value);
    return duration > 0 ? AbortSignal.any([signal, timeout(duration, value)]) : signal;
  } catch {
    return signal;
  }
}

/** Aborts after `duration` milliseconds, with a reason that names the flag. */
function timeout(duration: number, text: string): AbortSignal {
  const controller = new AbortController();
  const reason = new DOMException(`gave up after ${text} (--command-timeout)`, "TimeoutError");
  setTimeout(() => controller.abort(reason), duration).unref();
  return controller.signal;
}
