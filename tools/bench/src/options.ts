import { parseArgs } from "node:util";

export interface Options {
  readonly quick: boolean;
  /** The names of the rows to run; all where absent. */
  readonly only?: readonly string[] | undefined;
  readonly runs?: number | undefined;
  /** Where to write all measurements as JSON. */
  readonly json?: string | undefined;
  readonly list: boolean;
  /** Whether a missed bar is a failure. */
  readonly check: boolean;
  readonly writeDocs: boolean;
  readonly picture: boolean;
  readonly help: boolean;
}

export const usage: string = `usage: npm run bench -- [options]

  --quick        the most important rows, few runs: under a minute
  --only NAMES   these rows, with commas between them; a name also stands for all that begin with it
  --runs N       how many pairs of runs of each row (7)
  --json FILE    write every measurement to this file
  --list         say which rows there are
  --check        exit with 1 where a bar does not hold, or could not be measured
  --write-docs   bring the tables and the picture of docs/performance.md up to date: wants a whole run
  --picture      draw docs/performance-stages.svg anew; alone, it measures no more than that needs
`;

/** Throws a TypeError that says what is wrong with the arguments. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true },
      runs: { type: "string" },
      json: { type: "string" },
      list: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      "write-docs": { type: "boolean", default: false },
      picture: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { quick, json, list, check, picture, help } = values;
  const only = values.only?.flatMap((names) => names.split(",")).filter((name) => name !== "");
  const writeDocs = values["write-docs"];
  if (writeDocs && (quick || only !== undefined)) {
    throw new TypeError("--write-docs wants a whole run: leave out --quick and --only");
  }
  if (writeDocs && picture) throw new TypeError("--write-docs draws the picture too: leave out --picture");
  return { quick, only, runs: countOf(values.runs), json, list, check, writeDocs, picture, help };
}

function countOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new TypeError(`--runs wants a count of 1 or more, not ${text}`);
  return Number(text);
}
