import { type InputCompletion, proposeCompletions, run, type StricliProcess } from "@stricli/core";
import { buildDray, commands } from "./app.ts";
import type { DrayContext, Output } from "./context.ts";
import { errorLine } from "./error-text.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { hiddenFlags, tidyArguments } from "./flags/arguments.ts";
import { durationParser } from "./flags/parsers.ts";
import { globalFlagValue } from "./global-flags.ts";
import { personalityOf } from "./personality.ts";
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
}

/** Runs dray, or what it is called as, and returns the exit status. Never throws. */
export async function main(invocation: Invocation): Promise<number> {
  const { stdout, stderr, env } = invocation;
  const personality = personalityOf(invocation.calledAs);
  const tidy = tidyArguments(invocation.argv, commands);
  const [first] = tidy;
  if (isVersionRequest(first)) {
    stdout.write(versionLine(personality));
    return exitCodes.success;
  }
  const argv = helpArguments(tidy);
  const stricliProcess: StricliProcess & { stdout: Output; stderr: Output } = {
    stdout,
    stderr,
    env: { ...env, STRICLI_SKIP_VERSION_CHECK: "1", ...(env.NO_COLOR ? { STRICLI_NO_COLOR: "1" } : {}) },
  };
  const signal = timedSignal(argv, invocation.signal);
  const context: DrayContext = { process: stricliProcess, env, personality, signal };
  const app = buildDray({ personality, debug: wantsDebug(argv), command: argv[0] });
  try {
    if (first === "__complete") {
      const words = invocation.argv.slice(1);
      const proposed = await proposeCompletions(app, words, context);
      for (const text of shownCompletions(proposed, words)) stdout.write(`${text}\n`);
      return exitCodes.success;
    }
    await run(app, argv, context);
  } catch (error) {
    stderr.write(`${errorLine(error, personality)}\n`);
    return exitCodeOf(error);
  }
  const status = Number(stricliProcess.exitCode ?? 0);
  return status < 0 ? exitCodes.failure : status;
}

/** Flags are proposed where one was begun, and those that help does not show never. */
function shownCompletions(proposed: readonly InputCompletion[], words: readonly string[]): readonly string[] {
  const [name = ""] = words;
  const begun = words.at(-1)?.startsWith("-") === true;
  const hidden = new Set(
    Object.hasOwn(commands, name) ? hiddenFlags(commands[name as keyof typeof commands]) : [],
  );
  return proposed
    .filter(({ kind }) => kind !== "argument:flag" || begun)
    .map(({ completion }) => completion)
    .filter((text) => !hidden.has(text));
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
