import type { RowResult } from "./row.ts";

/** 1 where a result was wrong, or, with `check`, where a bar does not hold or was not measured. */
export function exitCode(results: readonly RowResult[], check: boolean): number {
  const wrong = results.some(({ state }) => state === "failed");
  return wrong || (check && results.some(missesBar)) ? 1 : 0;
}

function missesBar(row: RowResult): boolean {
  return row.state === "measured" ? !row.holds : row.bars.length > 0;
}
