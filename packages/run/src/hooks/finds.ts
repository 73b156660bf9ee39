import { runInNewContext } from "node:vm";
import { DrayageError } from "@drayage/errors";
import type { GoPattern } from "./go-pattern.ts";

/** Milliseconds. Go's expressions need time in proportion to the text; for those of JavaScript it may be without end. */
const usualTimeLimit = 5000;

/**
 * Whether the text, which may be an image's, has what the pattern looks for.
 *
 * @throws `ERR_DRAYAGE_LIMIT_EXCEEDED` where that takes too long
 */
export function finds(
  { expression, text: written }: GoPattern,
  text: string,
  timeLimit: number = usualTimeLimit,
): boolean {
  try {
    // Outside of a context of its own nothing could stop it.
    return runInNewContext("expression.test(text)", { expression, text }, { timeout: timeLimit }) === true;
  } catch (cause) {
    const why = isTimeout(cause) ? "it takes too long" : "it is too large";
    const what = `the pattern ${JSON.stringify(written)} in ${JSON.stringify(text.slice(0, 200))}`;
    throw new DrayageError(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      `whether a hook is to be called cannot be found out by ${what}: ${why}`,
      { cause, hint: "write the pattern with fewer repetitions within repetitions" },
    );
  }
}

/** It is an Error of the other context, and so none of ours. */
function isTimeout(cause: unknown): boolean {
  if (typeof cause !== "object" || cause === null) return false;
  return "code" in cause && cause.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}
