import { writeFileSync } from "node:fs";
import { realImage } from "@drayage-internal/fixtures";
import { openBench } from "./bench.ts";
import { exitCode } from "./exit-code.ts";
import { describeMachine, machineText } from "./machine.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { type Report, writePicture, writeTables } from "./report.ts";
import type { Row, RowResult } from "./row.ts";
import { allRows, namedRows } from "./rows/all.ts";
import { runRows } from "./run-rows.ts";
import { measureStages, stagedRows } from "./stages.ts";
import { textTables } from "./table.ts";

/** `npm run bench`. Gives the exit code: see {@link exitCode}. */
export async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  let rows: readonly Row[];
  try {
    options = parseOptions(args);
    rows = chosenRows(options);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  if (options.list) {
    for (const line of listOf(rows)) console.log(line);
    return 0;
  }
  return measureAll(rows, options);
}

async function measureAll(rows: readonly Row[], options: Options): Promise<number> {
  const started = performance.now();
  const machine = await describeMachine(rows.flatMap(({ needs }) => needs));
  console.log(machineText(machine));
  await using bench = await openBench({ image: realImage, quick: options.quick, runs: options.runs });
  const drawn = options.picture || options.writeDocs;
  const stages = drawn ? await measureStages(bench) : undefined;
  const results = await runRows(rows, { bench, onRow: ({ name }) => console.log(`measuring ${name} …`) });
  const report: Report = { machine, quick: options.quick, results, stages };

  console.log(`\n${textTables(results)}\n`);
  for (const line of otherLines(results)) console.log(line);
  console.log(`${results.length} rows in ${Math.round((performance.now() - started) / 1000)} s`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  const code = exitCode(results, options.check);
  if (results.some(({ state }) => state === "failed")) return code;
  if (options.writeDocs) writeTables(report);
  if (drawn) writePicture(report);
  return code;
}

function chosenRows({ only, quick, picture }: Options): readonly Row[] {
  const chosen = only === undefined ? allRows.filter((row) => !quick || row.quick) : namedRows(allRows, only);
  if (!picture) return chosen;
  // Alone, --picture measures what it draws.
  return only === undefined && !quick ? namedRows(allRows, stagedRows) : withStaged(chosen);
}

function withStaged(chosen: readonly Row[]): readonly Row[] {
  return allRows.filter((row) => chosen.includes(row) || stagedRows.some((name) => name === row.name));
}

function listOf(rows: readonly Row[]): readonly string[] {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows.map(({ name, title, against, quick }) => {
    const beside = against === "" ? "" : `, beside ${against}`;
    return `${name.padEnd(width)}  ${title}${beside}${quick ? " (quick)" : ""}`;
  });
}

/** What was skipped and what failed, and why. */
function otherLines(results: readonly RowResult[]): readonly string[] {
  return results.flatMap((row) =>
    row.state === "measured" ? [] : [`${row.name} ${row.state}: ${row.reason}`],
  );
}
