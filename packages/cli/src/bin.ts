#!/usr/bin/env node
import { writeSync } from "node:fs";
import { personalityOf } from "./personality.ts";
import { isVersionRequest, versionLine } from "./version.ts";

// What is imported here is loaded whatever the command is to do: next to nothing.
if (!isVersionRequest(process.argv[2]) || !printVersion()) {
  void import("./process.ts").then(({ runProcess }) => runProcess());
}

function printVersion(): boolean {
  try {
    writeSync(1, versionLine(personalityOf(process.argv[1])));
    return true;
  } catch {
    // Whatever is wrong with standard output, the long way knows what to do about it.
    return false;
  }
}
