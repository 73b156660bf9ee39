/** Parsers of flag values. What they throw is shown to the user after the flag's name. */

/** Any text. */
export function textParser(input: string): string {
  return input;
}

/** A whole number from `least` to `most`. */
export function wholeNumberParser(least: number, most: number): (input: string) => number {
  return (input) => {
    const value = /^[+-]?\d{1,9}$/.test(input) ? Number(input) : Number.NaN;
    if (!(value >= least && value <= most)) {
      throw new SyntaxError(`expected a whole number from ${least} to ${most}, got ${JSON.stringify(input)}`);
    }
    return value;
  };
}

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A duration as Go writes it (`1h30m`, `90s`, `1.5m`), in milliseconds. */
export function durationParser(input: string): number {
  let total = 0;
  let rest = input;
  while (rest !== "") {
    const part = /^(\d{1,9}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m|h)/.exec(rest);
    if (part === null)
      throw new SyntaxError(`expected a duration such as 90s or 1h30m, got ${JSON.stringify(input)}`);
    total += Number(part[1]) * (units[part[2] ?? ""] ?? 0);
    rest = rest.slice(part[0].length);
  }
  if (input === "") throw new SyntaxError("expected a duration such as 90s or 1h30m");
  return total;
}

/** `key=value`. */
export function settingParser(input: string): readonly [key: string, value: string] {
  const at = input.indexOf("=");
  if (at < 1) throw new SyntaxError(`expected key=value, got ${JSON.stringify(input)}`);
  return [input.slice(0, at), input.slice(at + 1)];
}
