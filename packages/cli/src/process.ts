import { errnoOf, ioError } from "@drayage/errors";
import type { Output } from "./context.ts";
import { errorLine } from "./error-text.ts";
import { type EndingSignal, exitCodeOfSignal, exitCodes, SignalReceived } from "./exit-codes.ts";
import { main } from "./main.ts";
import { personalityOf } from "./personality.ts";
import { standardStream } from "./standard-stream.ts";

/** Runs dray as this process: with its arguments, streams and signals. The exit code is set. */
export async function runProcess(): Promise<void> {
  const interrupt = new AbortController();
  interruptOnSignals(interrupt);
  const { stdout, stderr, failed } = openOutput(interrupt);
  const status = await main({
    argv: process.argv.slice(2),
    calledAs: process.argv[1],
    stdout,
    stderr,
    env: process.env,
    signal: interrupt.signal,
    again: [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
  });
  process.exitCode = failed() ? exitCodes.failure : status;
}

/** Writes to standard output. The exit code is set where that fails. */
export function print(bytes: Uint8Array): void {
  openOutput(new AbortController()).stdout.write(bytes);
}

/**
 * The standard streams. Where one of them fails, the reader of a pipe went away, or the disk is full: nothing that is
 * written can be of use any more, so that the work is interrupted.
 */
function openOutput(interrupt: AbortController): {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly failed: () => boolean;
} {
  let failed = false;
  const fail = (error: unknown): void => {
    failed = true;
    interrupt.abort(error);
    process.exitCode = exitCodes.failure;
  };
  const stderr = standardStream(2, fail);
  const stdout = standardStream(1, (error) => {
    const isFirst = !failed;
    fail(error);
    // Who closes a pipe knows.
    if (!isFirst || errnoOf(error) === "EPIPE") return;
    const reason = ioError(error, "write to standard output");
    stderr.write(`${errorLine(reason, personalityOf(process.argv[1]))}\n`);
  });
  return { stdout, stderr, failed: () => failed };
}

/** A signal that comes again this many milliseconds later is the same: the terminal has sent it to us and to what has started us. */
const sameSignal = 250;

/** The first signal lets the work clean up after itself, the second does not wait for it. */
function interruptOnSignals(interrupt: AbortController): void {
  let received: { readonly name: EndingSignal; readonly at: number } | undefined;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      const at = performance.now();
      if (received === undefined) {
        received = { name, at };
        interrupt.abort(new SignalReceived(name));
      } else if (received.name !== name || at - received.at > sameSignal) {
        process.exit(exitCodeOfSignal(name));
      }
    });
  }
}
