#!/usr/bin/env node
import { errnoOf, ioError } from "@drayage/errors";
import { errorLine } from "./error-text.ts";
import { exitCodes } from "./exit-codes.ts";
import { main } from "./main.ts";
import { personalityOf } from "./personality.ts";

const interrupt = new AbortController();
let received: NodeJS.Signals | undefined;

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    // The first signal lets the work clean up after itself, the second does not wait for it.
    if (received !== undefined) process.exit(exitCodes.interrupted);
    received = name;
    interrupt.abort(new Error(`received ${name}`));
  });
}

// The reader of a pipe went away, or the disk is full: nothing that is written can be of use any more.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error) => {
    interrupt.abort(error);
    process.exitCode = exitCodes.failure;
    // Who closes a pipe knows.
    if (stream !== process.stdout || errnoOf(error) === "EPIPE") return;
    process.stderr.write(
      `${errorLine(ioError(error, "write to standard output"), personalityOf(process.argv[1]))}\n`,
    );
  });
}

process.exitCode = await main({
  argv: process.argv.slice(2),
  calledAs: process.argv[1],
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: interrupt.signal,
});
