import { parseArgs } from "node:util";
import { targetNames } from "./kernels.ts";

export interface Options {
  readonly seed: number;
  readonly targets: readonly string[];
  /** When to stop, whichever comes first. */
  readonly minutes: number;
  readonly cases: number;
  /** The one trial to run. */
  readonly only: number | undefined;
  /** How long a trial may take before it counts as one that hangs. */
  readonly hangSeconds: number;
}

export const usage: string = `usage: npm run fuzz -- [options]

  --minutes N    how long (10)
  --cases N      how many trials of each kernel at most
  --seed N       repeats a run; a random number where it is absent, and printed in any case
  --kernel NAME  only this one: ${targetNames.join(", ")}; may be given several times
  --case N       only the trial of this number
`;

/** Throws a TypeError that says what is wrong with the arguments. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string" },
      cases: { type: "string" },
      seed: { type: "string" },
      kernel: { type: "string", multiple: true },
      case: { type: "string" },
      "hang-seconds": { type: "string" },
    },
  });
  const targets = values.kernel ?? targetNames;
  const unknown = targets.find((name) => !targetNames.includes(name));
  if (unknown !== undefined) throw new TypeError(`--kernel ${unknown}: there are ${targetNames.join(", ")}`);
  const number = (name: "minutes" | "cases" | "seed" | "case" | "hang-seconds") =>
    numberOf(name, values[name]);
  return {
    targets,
    seed: number("seed") ?? Math.floor(Math.random() * 2 ** 32),
    minutes: number("minutes") ?? 10,
    cases: number("cases") ?? Number.POSITIVE_INFINITY,
    only: number("case"),
    hangSeconds: number("hang-seconds") ?? 60,
  };
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+(?:\.\d+)?$/.test(text)) throw new TypeError(`--${name} wants a number, not ${text}`);
  return Number(text);
}
