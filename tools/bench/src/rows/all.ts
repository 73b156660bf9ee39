import type { Row } from "../row.ts";
import { browserRows } from "./browser.ts";
import { copyRows } from "./copies.ts";
import { kernelRows } from "./kernels.ts";
import { memoryRows } from "./memory.ts";
import { startUpRows } from "./start-up.ts";
import { streamRows } from "./streams.ts";

/** Every row. A new operation gets a file of its own beside the others, and its rows a place here. */
export const allRows: readonly Row[] = [
  ...copyRows,
  ...streamRows,
  ...startUpRows,
  ...kernelRows,
  ...browserRows,
  ...memoryRows,
];

/** The rows that `--only` names, each by its name or by how it begins. Throws where one is not there. */
export function namedRows(rows: readonly Row[], names: readonly string[]): readonly Row[] {
  for (const name of names) {
    if (!rows.some((row) => isNamed(row, name))) {
      throw new TypeError(`there is no row ${name}; there are ${rows.map((row) => row.name).join(", ")}`);
    }
  }
  return rows.filter((row) => names.some((name) => isNamed(row, name)));
}

/** An exact name stands for itself alone, however many others begin with it. */
function isNamed(row: Row, name: string): boolean {
  return row.name === name || row.name.startsWith(`${name}-`);
}
