import { templateError } from "./lex.ts";
import { goText, isTrue } from "./values.ts";

export type TemplateFunction = (...values: readonly unknown[]) => unknown;

/** The functions of text/template, and those that the containers tools add for `--format`. */
export const functions: Readonly<Record<string, TemplateFunction>> = {
  and: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1),
  or: (...values) => values.find(isTrue) ?? values.at(-1),
  not: (value) => !isTrue(value),
  eq: (first, ...others) => others.some((other) => first === other),
  ne: (first, second) => first !== second,
  lt: (first, second) => compare(first, second) < 0,
  le: (first, second) => compare(first, second) <= 0,
  gt: (first, second) => compare(first, second) > 0,
  ge: (first, second) => compare(first, second) >= 0,
  len: (value) => lengthOf(value),
  index: (value, ...keys) => keys.reduce(at, value),
  slice: (value, from = 0, to = undefined) => slice(value, from, to),
  print: (...values) => values.map(goText).join(" "),
  println: (...values) => `${values.map(goText).join(" ")}\n`,
  printf: (format, ...values) => printf(String(format), values),
  json: (value) => JSON.stringify(value ?? null),
  join: (list, separator) => (Array.isArray(list) ? list.map(goText).join(String(separator)) : goText(list)),
  lower: (text) => goText(text).toLowerCase(),
  upper: (text) => goText(text).toUpperCase(),
  title: (text) => goText(text).replace(/(^|\s)\p{Ll}/gu, (start) => start.toUpperCase()),
  split: (text, separator) => goText(text).split(String(separator)),
  pad: (text, before, after) => `${" ".repeat(count(before))}${goText(text)}${" ".repeat(count(after))}`,
  truncate: (text, length) => [...goText(text)].slice(0, count(length)).join(""),
};

function count(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 65_536) return value;
  throw templateError(`expected a count, got ${goText(value)}`);
}

function compare(first: unknown, second: unknown): number {
  if (typeof first === "number" && typeof second === "number") return first - second;
  if (typeof first === "string" && typeof second === "string")
    return first < second ? -1 : first > second ? 1 : 0;
  throw templateError("only two numbers or two texts can be compared");
}

function lengthOf(value: unknown): number {
  if (typeof value === "string") return new TextEncoder().encode(value).length;
  if (Array.isArray(value)) return value.length;
  if (typeof value === "object" && value !== null) return Object.keys(value).length;
  throw templateError(`len of ${goText(value)}`);
}

function at(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) {
    const item = typeof key === "number" ? value[key] : undefined;
    if (item === undefined) throw templateError(`index ${goText(key)} is out of range`);
    return item;
  }
  if (typeof value === "object" && value !== null && typeof key === "string") {
    return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  }
  throw templateError(`index of ${goText(value)}`);
}

function slice(value: unknown, from: unknown, to: unknown): unknown {
  if (typeof value !== "string" && !Array.isArray(value)) throw templateError(`slice of ${goText(value)}`);
  const end = to === undefined ? value.length : count(to);
  if (count(from) > end || end > value.length) throw templateError("slice is out of range");
  return value.slice(count(from), end);
}

function printf(format: string, values: readonly unknown[]): string {
  let next = 0;
  return format.replace(/%([+-]?\d{0,4})([a-z%])/g, (whole, width: string, verb: string) => {
    if (verb === "%") return "%";
    const value = values[next++];
    const text = verb === "q" ? JSON.stringify(goText(value)) : goText(value);
    if (!["s", "v", "d", "q", "t"].includes(verb)) throw templateError(`printf does not know ${whole}`);
    const size = Math.abs(Number(width === "" || width === "-" || width === "+" ? 0 : width));
    return width.startsWith("-") ? text.padEnd(size) : text.padStart(size);
  });
}
