import { DrayageError } from "@drayage/errors";

/** One way in that a server offers: `Bearer realm="https://…",service="…"`. */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
  /** What some schemes have instead of parameters. */
  readonly token68?: string | undefined;
}

const headerLimit = 8192;
const challengeLimit = 16;
const parameterLimit = 32;

const separators = /[ \t,]*/y;
const whitespace = /[ \t]*/y;
const listComma = /[ \t]*,/y;
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const blanks = / +/y;
const parameterStart = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*/y;
// A token68 is all that its challenge has: only a comma or the end may follow.
const lonelyToken68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
const quotedString = /"((?:[\t !#-[\]-~\u0080-\u{10ffff}]|\\[\t !-~\u0080-\u{10ffff}])*)"/uy;

/**
 * The challenges in one value of a `WWW-Authenticate` header (RFC 9110 section 11.6.1, formerly RFC 7235 section 4.1).
 * At most 8 KiB, 16 challenges, 32 parameters each.
 *
 * @throws ERR_DRAYAGE_REGISTRY where it is malformed: nothing is guessed of where credentials are to be sent
 */
export function parseChallenges(header: string): readonly Challenge[] {
  if (header.length > headerLimit) throw invalid(`it has ${header.length} characters`);
  const challenges: Challenge[] = [];
  const reader = readerOf(header);
  reader.take(separators);
  while (!reader.ended()) {
    if (challenges.length === challengeLimit) {
      throw invalid(`it has more than ${challengeLimit} challenges`);
    }
    challenges.push(readChallenge(reader));
  }
  return challenges;
}

/** Reads a challenge and the separators after it. */
function readChallenge(reader: Reader): Challenge {
  const scheme = reader.take(token)?.[0].toLowerCase();
  if (scheme === undefined) throw reader.unexpected("a scheme");
  const parameters = new Map<string, string>();
  if (reader.take(blanks) !== undefined) {
    const token68 = reader.take(lonelyToken68)?.[0];
    if (token68 !== undefined) {
      reader.take(separators);
      return { scheme, parameters, token68 };
    }
    readParameters(reader, parameters);
    return { scheme, parameters };
  }
  endItem(reader);
  return { scheme, parameters };
}

function readParameters(reader: Reader, parameters: Map<string, string>): void {
  // `Scheme ,` has blanks and no parameters.
  if (reader.take(listComma) !== undefined || reader.ended()) {
    reader.take(separators);
    return;
  }
  while (!reader.ended()) {
    const match = reader.take(parameterStart);
    // A token without an equals sign is the scheme of the next challenge.
    if (match === undefined && parameters.size > 0) return;
    const name = match?.[1]?.toLowerCase();
    if (name === undefined) throw reader.unexpected("a parameter");
    if (parameters.has(name)) throw invalid(`it has ${name} twice`);
    if (parameters.size === parameterLimit) {
      throw invalid(`it has more than ${parameterLimit} parameters`);
    }
    parameters.set(name, readValue(reader));
    endItem(reader);
  }
}

function readValue(reader: Reader): string {
  const quoted = reader.take(quotedString)?.[1];
  if (quoted !== undefined) return quoted.replace(/\\(.)/gsu, "$1");
  const value = reader.take(token)?.[0];
  if (value === undefined) throw reader.unexpected("a value");
  return value;
}

/** After an item of the list there is a comma, or the end. */
function endItem(reader: Reader): void {
  if (reader.take(listComma) === undefined) {
    reader.take(whitespace);
    if (!reader.ended()) throw reader.unexpected("a comma");
  }
  reader.take(separators);
}

interface Reader {
  ended(): boolean;
  /** What matches here, and moves behind it. The patterns are sticky. */
  take(pattern: RegExp): RegExpExecArray | undefined;
  unexpected(wanted: string): DrayageError;
}

function readerOf(text: string): Reader {
  let at = 0;
  return {
    ended: () => at === text.length,
    take(pattern) {
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      if (match === null) return undefined;
      at = pattern.lastIndex;
      return match;
    },
    unexpected: (wanted) => invalid(`${wanted} is expected at character ${at + 1}`),
  };
}

function invalid(problem: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_REGISTRY",
    `the registry's WWW-Authenticate header is malformed: ${problem}`,
  );
}
