import type { Refuse } from "./refuse.ts";

/** The members of a JSON object as Go reads them: their names in any case, and null as if it was not there. */
export interface Members {
  text(name: string): string | undefined;
  texts(name: string): readonly string[] | undefined;
  flag(name: string): boolean | undefined;
  /** A whole number above 0. */
  count(name: string): number | undefined;
  object(name: string): Members | undefined;
  /** Of an object whose values are texts. */
  pairs(name: string): readonly (readonly [string, string])[];
}

export function membersOf(value: unknown, refuse: Refuse, path = ""): Members {
  if (!isObject(value)) throw refuse(`${path || "it"} is no object`);
  const values = new Map(
    Object.entries(value)
      .filter(([, one]) => one !== null)
      .map(([name, one]) => [name.toLowerCase(), one]),
  );
  const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const read = <T>(name: string, isIt: (one: unknown) => one is T, what: string): T | undefined => {
    const found = values.get(name.toLowerCase());
    if (found === undefined || isIt(found)) return found;
    throw refuse(`${at(name)} is no ${what}`);
  };
  return {
    text: (name) => read(name, isText, "text"),
    texts: (name) => read(name, isTexts, "list of texts"),
    flag: (name) => read(name, (one) => typeof one === "boolean", "true or false"),
    count: (name) => read(name, isCount, "whole number above 0"),
    object(name) {
      const found = values.get(name.toLowerCase());
      return found === undefined ? undefined : membersOf(found, refuse, at(name));
    },
    pairs: (name) => Object.entries(read(name, isTextObject, "object of texts") ?? {}),
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function isTextObject(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every(isText);
}
