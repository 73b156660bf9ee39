import { patternReader, readClass } from "./char-class.ts";
import { run, type Token } from "./tokens.ts";

/** Whether a text is a pattern at all: Go's `hasMeta`. */
export function isPattern(text: string): boolean {
  return /[*?[\\]/.test(text);
}

const slash = 0x2f;
const noSlash: Token = { kind: "set", has: (code) => code !== slash };

/** The rules of Go's `filepath.Match`: `*`, `?`, `[a-z]`, `[^a]`, and `\` before what stands for itself. Undefined where it refuses the pattern. */
export function parseNamePattern(pattern: string): readonly Token[] | undefined {
  const reader = patternReader(pattern);
  const tokens: Token[] = [];
  for (let character = reader.next(); character !== undefined; character = reader.next()) {
    const token = nameToken(character, reader);
    if (token === undefined) return undefined;
    tokens.push(token);
  }
  return tokens;
}

function nameToken(character: string, reader: ReturnType<typeof patternReader>): Token | undefined {
  if (character === "*") return { kind: "name" };
  if (character === "?") return noSlash;
  if (character === "[") return readClass(reader);
  const literal = character === "\\" ? reader.next() : character;
  return literal === undefined ? undefined : { kind: "one", code: literal.codePointAt(0) ?? 0 };
}

/** Undefined where the pattern is none. */
export function namePattern(pattern: string): ((name: string) => boolean) | undefined {
  const tokens = parseNamePattern(pattern);
  return tokens && ((name) => run(tokens, name).matches);
}
