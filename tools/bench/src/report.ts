import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { betweenMarkers } from "./docs.ts";
import { type Machine, machineText } from "./machine.ts";
import { drawPicture } from "./picture.ts";
import type { MeasuredRow, RowResult } from "./row.ts";
import { type StageCosts, type StagedRow, stagedRows } from "./stages.ts";
import { markdownTables } from "./table.ts";

/** All that a run of the bench found out. */
export interface Report {
  readonly machine: Machine;
  /** Whether it was a run with few measurements. */
  readonly quick: boolean;
  readonly results: readonly RowResult[];
  readonly stages?: Readonly<Record<StagedRow, StageCosts>> | undefined;
}

const docs = path.resolve(import.meta.dirname, "../../../docs");
const page = path.join(docs, "performance.md");
const picture = path.join(docs, "performance-stages.svg");

/** Writes the tables of a run into docs/performance.md. */
export function writeTables(report: Report): void {
  writeFileSync(page, betweenMarkers(readFileSync(page, "utf8"), tablesText(report)));
}

/** The tables with what has to be known about them. */
export function tablesText({ machine, results }: Report): string {
  const skipped = results.flatMap((row) => (row.state === "skipped" ? [`${row.title}: ${row.reason}`] : []));
  const notes = skipped.length === 0 ? [] : [`Not measured: ${skipped.join("; ")}.`];
  return [`Measured ${machineText(machine)}.`, markdownTables(results), ...notes].join("\n\n");
}

/** Draws docs/performance-stages.svg. Throws where a row that it needs was not measured. */
export function writePicture({ results, stages }: Report): void {
  if (stages === undefined) throw new Error("the stages were not measured");
  const bars = stagedRows.map((name) => {
    const row = results.find((one): one is MeasuredRow => one.name === name && one.state === "measured");
    if (row === undefined) throw new Error(`the row ${name} was not measured`);
    const { title, against, ours, theirs } = row;
    return { title, against, stages: stages[name], ours: timesOf(ours), theirs: timesOf(theirs) };
  });
  writeFileSync(picture, drawPicture(bars));
}

function timesOf({ cpuSeconds = 0, wallSeconds = 0 }: MeasuredRow["ours"] = {}): {
  cpu: number;
  wall: number;
} {
  return { cpu: cpuSeconds, wall: wallSeconds };
}
