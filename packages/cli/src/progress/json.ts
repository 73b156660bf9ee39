import type { Output } from "../context.ts";
import type { Reporter } from "./reporter.ts";

/** One JSON object a line: the events of the libraries as they are. */
export function jsonReporter(output: Output): Reporter {
  return {
    report(event) {
      output.write(`${JSON.stringify(event)}\n`);
    },
    end() {},
  };
}
