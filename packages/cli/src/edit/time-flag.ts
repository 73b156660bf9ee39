import { valued } from "../flags/kinds.ts";

interface TimeFlag {
  readonly kind: "parsed";
  readonly parse: (input: string) => Date;
  readonly optional: true;
  readonly placeholder: string;
  readonly brief: string;
}

/** A flag whose value is a time: seconds since 1970, or as RFC 3339 has it. */
export function time(brief: string): TimeFlag {
  return {
    kind: "parsed",
    parse: timeParser,
    optional: true,
    placeholder: "time",
    brief: valued("time", brief),
  };
}

function timeParser(input: string): Date {
  const isSeconds = /^\d{1,12}$/.test(input);
  const parsed = new Date(isSeconds ? Number(input) * 1000 : input);
  if (Number.isNaN(parsed.getTime()) || !(isSeconds || /^\d{4}-\d\d-\d\d/.test(input))) {
    throw new SyntaxError(
      `expected seconds since 1970, or 2024-05-06T07:08:09Z, got ${JSON.stringify(input)}`,
    );
  }
  return parsed;
}
