import type { Row } from "../row.ts";
import { browserRows } from "./browser.ts";
import { commitRows } from "./commit.ts";
import { copyRows } from "./copies.ts";
import { kernelRows } from "./kernels.ts";
import { memoryRows } from "./memory.ts";
import { registryRows } from "./registries.ts";
import { startUpRows } from "./start-up.ts";
import { streamRows } from "./streams.ts";
import { unpackRows } from "./unpack.ts";

/** Every row. A new operation gets a file of its own beside the others, and its rows a place here. */
export const allRows: readonly Row[] = [
  ...copyRows,
  ...registryRows,
  ...streamRows,
  ...unpackRows,
  ...commitRows,
  ...startUpRows,
  ...kernelRows,
  ...browserRows,
  ...memoryRows,
];

/** The rows that `--only` names: each name is a row's, or what several begin with. Throws where none is meant. */
export function namedRows(rows: readonly Row[], names: readonly string[]): readonly Row[] {
  const wanted = new Set(names.flatMap((name) => meantBy(name, rows)));
  return rows.filter((row) => wanted.has(row));
}

function meantBy(name: string, rows: readonly Row[]): readonly Row[] {
  const exact = rows.filter((row) => row.name === name);
  const meant = exact.length > 0 ? exact : rows.filter((row) => row.name.startsWith(name));
  if (meant.length > 0) return meant;
  throw new TypeError(`there is no row ${name}; there are ${rows.map((row) => row.name).join(", ")}`);
}
