import { errnoOf, ioError } from "@drayage/errors";
import { errorLine } from "./error-text.ts";
import { exitCodes } from "./exit-codes.ts";
import { main } from "./main.ts";
import { personalityOf } from "./personality.ts";
import { standardStream } from "./standard-stream.ts";

/** Runs dray as this process: with its arguments, streams and signals. The exit code is set. */
export async function runProcess(): Promise<void> {
  const interrupt = new AbortController();
  interruptOnSignals(interrupt);

  let outputFailed = false;
  // The reader of a pipe went away, or the disk is full: nothing that is written can be of use any more.
  const fail = (error: unknown): void => {
    outputFailed = true;
    interrupt.abort(error);
    process.exitCode = exitCodes.failure;
  };
  const stderr = standardStream(2, fail);
  const stdout = standardStream(1, (error) => {
    const isFirst = !outputFailed;
    fail(error);
    // Who closes a pipe knows.
    if (!isFirst || errnoOf(error) === "EPIPE") return;
    const reason = ioError(error, "write to standard output");
    stderr.write(`${errorLine(reason, personalityOf(process.argv[1]))}\n`);
  });

  const status = await main({
    argv: process.argv.slice(2),
    calledAs: process.argv[1],
    stdout,
    stderr,
    env: process.env,
    signal: interrupt.signal,
  });
  process.exitCode = outputFailed ? exitCodes.failure : status;
}

/** The first signal lets the work clean up after itself, the second does not wait for it. */
function interruptOnSignals(interrupt: AbortController): void {
  let received: NodeJS.Signals | undefined;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (received !== undefined) process.exit(exitCodes.interrupted);
      received = name;
      interrupt.abort(new Error(`received ${name}`));
    });
  }
}
