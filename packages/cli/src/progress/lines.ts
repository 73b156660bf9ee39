import type { Output } from "../context.ts";
import type { Reporter, Verb } from "./reporter.ts";
import { sentenceOf } from "./sentences.ts";

/** A line for each thing that starts: for logs and pipes. */
export function linesReporter(output: Output, verb: Verb): Reporter {
  return {
    report(event) {
      const sentence = sentenceOf(event, verb);
      if (sentence !== undefined) output.write(`${sentence}\n`);
    },
    end() {},
  };
}
