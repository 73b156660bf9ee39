import { RE2JS, RE2JSException } from "re2js";
import type { Refuse } from "./refuse.ts";

const lengthLimit = 4096;

/** A regular expression of Go's package regexp. */
export interface GoPattern {
  /** Whether the text has what the pattern looks for. Takes time in proportion to the text, which may be an image's. */
  test(text: string): boolean;
}

export function goPattern(text: string, refuse: Refuse): GoPattern {
  if (text.length > lengthLimit) {
    throw refuse(`a pattern has ${text.length} characters, where at most ${lengthLimit} are accepted`);
  }
  try {
    return RE2JS.compile(text);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw refuse(`the pattern ${JSON.stringify(text)}: ${error.message}`, error);
  }
}
