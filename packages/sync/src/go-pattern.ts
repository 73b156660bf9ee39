import { DrayageError } from "@drayage/errors";

/** No pattern for tags needs to be longer. */
const patternLimit = 1000;

/**
 * A regular expression as Go writes it (RE2, <https://github.com/google/re2/wiki/Syntax>) as one of JavaScript's. What the two
 * understand differently is rewritten; what only one of them has is refused, so that a pattern never means something else here than
 * in the Go tools. `where` names its place in messages.
 *
 * Not taken: Unicode classes (`\p{…}`: tags are ASCII), `\C`, and flags elsewhere than at the start. RE2 matches in linear
 * time, whatever the pattern is; JavaScript does not.
 *
 * @throws ERR_DRAYAGE_CONFIGURATION_INVALID
 */
export function goPattern(text: string, where: string): RegExp {
  const fail = (why: string): DrayageError =>
    new DrayageError("ERR_DRAYAGE_CONFIGURATION_INVALID", `${where}: ${JSON.stringify(text)}: ${why}`, {
      hint: "regular expressions are written as for Go: https://github.com/google/re2/wiki/Syntax",
    });
  if (text.length > patternLimit) throw fail(`it has more than ${patternLimit} characters`);
  const flags = /^\(\?([a-zA-Z-]+)\)/.exec(text);
  const body = flags === null ? text : text.slice(flags[0].length);
  const { modes, unknown } = readFlags(flags?.[1] ?? "");
  if (unknown !== undefined) throw fail(`the flag ${JSON.stringify(unknown)} is not known`);
  try {
    return new RegExp(translate(body, fail), modes);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw fail("it is no regular expression");
  }
}

function readFlags(text: string): { readonly modes: string; readonly unknown: string | undefined } {
  const on = text.split("-")[0] ?? "";
  return {
    // U only tells which of several matches is taken.
    modes: [...new Set(on)].filter((flag) => "ims".includes(flag)).join(""),
    unknown: [...text.replace("-", "")].find((flag) => !"imsU".includes(flag)),
  };
}

type Fail = (why: string) => DrayageError;

function translate(text: string, fail: Fail): string {
  let result = "";
  let at = 0;
  while (at < text.length) {
    const [written, length] = nextPart(text, at, fail);
    result += written;
    at += length;
  }
  return result;
}

/** What the part at a position becomes, and how long it is. */
function nextPart(text: string, at: number, fail: Fail): readonly [written: string, length: number] {
  const rest = text.slice(at);
  if (rest.startsWith("\\Q")) {
    const end = rest.indexOf("\\E");
    const literal = rest.slice(2, end < 0 ? undefined : end);
    return [literal.replace(/[^A-Za-z0-9_]/g, "\\$&"), end < 0 ? rest.length : end + 2];
  }
  if (rest.startsWith("\\")) return escaped(rest, { inClass: false }, fail);
  if (rest.startsWith("[")) return characterClass(rest, fail);
  if (rest.startsWith("(?")) return group(rest, fail);
  return [rest.slice(0, 1), 1];
}

function group(rest: string, fail: Fail): readonly [string, number] {
  if (rest.startsWith("(?:")) return ["(?:", 3];
  const named = /^\(\?P?<([A-Za-z_][A-Za-z0-9_]*)>/.exec(rest);
  // A test for a match has no use for names, and two groups may have one.
  if (named !== null) return ["(", named[0].length];
  if (/^\(\?<?[=!]/.test(rest)) throw fail("Go has no lookahead and no lookbehind");
  throw fail("flags are taken at its start only");
}

const escapes: Readonly<Record<string, string>> = {
  // Whatever the flag m says, these mean the text's ends.
  A: "(?<![\\s\\S])",
  z: "(?![\\s\\S])",
  a: "\\x07",
  s: "[\\t\\n\\f\\r ]",
  S: "[^\\t\\n\\f\\r ]",
};

function escaped(
  rest: string,
  { inClass }: { readonly inClass: boolean },
  fail: Fail,
): readonly [string, number] {
  const letter = rest[1];
  if (letter === undefined) throw fail("nothing follows the backslash at its end");
  const hex = /^\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,4})\})/.exec(rest);
  if (hex !== null) return [`\\u${(hex[1] ?? hex[2] ?? "").padStart(4, "0")}`, hex[0].length];
  const octal = /^\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
  if (octal !== null) {
    return [
      `\\u${Number.parseInt(octal[1] ?? "", 8)
        .toString(16)
        .padStart(4, "0")}`,
      octal[0].length,
    ];
  }
  if ("dDwWnrtfv".includes(letter) || (!inClass && "bB".includes(letter))) return [`\\${letter}`, 2];
  const rewritten = escapes[letter];
  if (rewritten !== undefined && !inClass) return [rewritten, 2];
  if (inClass && letter === "s") return ["\\t\\n\\f\\r ", 2];
  if (inClass && letter === "a") return ["\\x07", 2];
  if (/[A-Za-z0-9]/.test(letter)) throw fail(`\\${letter} is not known`);
  return [`\\${letter}`, 2];
}

const posixClasses: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7f",
  blank: "\\t ",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\t\\n\\v\\f\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};

function characterClass(rest: string, fail: Fail): readonly [string, number] {
  let result = rest.startsWith("[^") ? "[^" : "[";
  let at = result.length;
  // What stands first is a literal, also if it is the bracket that would end the class.
  if (rest[at] === "]") {
    result += "\\]";
    at += 1;
  }
  while (at < rest.length && rest[at] !== "]") {
    const here = rest.slice(at);
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(here);
    if (posix !== null) {
      const members = posixClasses[posix[2] ?? ""];
      if (members === undefined || posix[1] === "^") throw fail(`the class ${posix[0]} is not known`);
      result += members;
      at += posix[0].length;
    } else if (here.startsWith("\\")) {
      const [written, length] = escaped(here, { inClass: true }, fail);
      result += written;
      at += length;
    } else {
      result += here[0] === "[" ? "\\[" : here.slice(0, 1);
      at += 1;
    }
  }
  if (at >= rest.length) throw fail("a [ has no ]");
  return [`${result}]`, at + 1];
}
