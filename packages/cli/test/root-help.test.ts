import { expect, it } from "vitest";
import { rootHelp } from "../src/quick/root-help.ts";
import { dray } from "./run-dray.ts";

it.each([[], ["--help"], ["-h"], ["help"]])(
  "the help that is kept is the parser's own (%s)",
  async (...argv) => {
    const { stdout, stderr, status } = await dray(argv);
    expect({ stdout, stderr, status }).toEqual({ stdout: rootHelp, stderr: "", status: 0 });
  },
);
