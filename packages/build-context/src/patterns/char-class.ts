import type { Token } from "./tokens.ts";

/** Reads one character of a pattern; undefined at its end. */
export interface PatternReader {
  peek(): string | undefined;
  next(): string | undefined;
}

export function patternReader(pattern: string): PatternReader {
  const characters = [...pattern];
  let at = 0;
  return { peek: () => characters[at], next: () => characters[at++] };
}

/**
 * What stands in brackets, the opening one read already: `[a-z]`, `[^a\]]`. Undefined where `filepath.Match` refuses it: it is empty or not
 * closed, or `-` or `]` stands where a character is to be.
 */
export function readClass(reader: PatternReader): Token | undefined {
  const isNegative = reader.peek() === "^";
  if (isNegative) reader.next();
  const ranges: (readonly [number, number])[] = [];
  while (ranges.length === 0 || reader.peek() !== "]") {
    const low = readClassCharacter(reader);
    let high = low;
    if (reader.peek() === "-") {
      reader.next();
      high = readClassCharacter(reader);
    }
    if (low === undefined || high === undefined) return undefined;
    ranges.push([low, high]);
  }
  reader.next();
  const has = (code: number): boolean => ranges.some(([low, high]) => code >= low && code <= high);
  return { kind: "set", has: isNegative ? (code) => !has(code) : has };
}

function readClassCharacter(reader: PatternReader): number | undefined {
  const first = reader.next();
  if (first === "-" || first === "]") return undefined;
  const character = first === "\\" ? reader.next() : first;
  // Something has to follow: at least the closing bracket.
  return reader.peek() === undefined ? undefined : character?.codePointAt(0);
}
