import { DrayageError } from "@drayage/errors";
import { RE2JS, RE2JSException } from "re2js";

/** No pattern for tags needs to be longer. */
const patternLimit = 1000;

/**
 * Whether a text has what a regular expression looks for, which is written as for Go (RE2, <https://github.com/google/re2/wiki/Syntax>) and
 * takes time in proportion to the text. `where` names its place in messages.
 *
 * @throws ERR_DRAYAGE_CONFIGURATION_INVALID
 */
export function goPattern(text: string, where: string): (text: string) => boolean {
  const fail = (why: string, cause?: unknown): DrayageError =>
    new DrayageError("ERR_DRAYAGE_CONFIGURATION_INVALID", `${where}: ${JSON.stringify(text)}: ${why}`, {
      hint: "regular expressions are written as for Go: https://github.com/google/re2/wiki/Syntax",
      cause,
    });
  if (text.length > patternLimit) throw fail(`it has more than ${patternLimit} characters`);
  try {
    const pattern = RE2JS.compile(text);
    return (searched) => pattern.test(searched);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw fail(error.message, error);
  }
}
