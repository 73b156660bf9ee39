import { shellWords } from "./shell-words.ts";

export interface Words {
  readonly words: readonly string[];
  /** As it was given, for the history. */
  readonly text: string;
}

/** A list, or a text that is split as a shell does. */
export function wordsOf(given: string | readonly string[], what: string): Words {
  if (typeof given === "string") return { words: shellWords(given, what), text: given };
  return { words: [...given], text: JSON.stringify(given) };
}

/** A text that is a JSON list of texts, as Go reads one; undefined where it is none. */
export function jsonList(text: string): readonly string[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (value === null) return [];
  if (!Array.isArray(value)) return undefined;
  const items: readonly unknown[] = value;
  if (!items.every((item) => typeof item === "string" || item === null)) return undefined;
  return items.map((item) => (typeof item === "string" ? item : ""));
}
