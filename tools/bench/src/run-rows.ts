import { missedBars } from "./bars.ts";
import type { Bench } from "./bench.ts";
import { findBenchPeer, lackOf } from "./peers.ts";
import type { Row, RowResult } from "./row.ts";

/**
 * Runs rows one after the other. One that cannot be run is skipped with the reason; one whose programs fail or whose
 * result is wrong has failed, and the others go on.
 */
export async function runRows(
  rows: readonly Row[],
  { bench, onRow }: { readonly bench: Bench; onRow(row: Row): void },
): Promise<readonly RowResult[]> {
  const results: RowResult[] = [];
  for (const row of rows) {
    onRow(row);
    results.push(await resultOf(row, bench));
  }
  return results;
}

async function resultOf(row: Row, bench: Bench): Promise<RowResult> {
  const { name, title, against, section, bars } = row;
  const facts = { name, title, against, section, bars };
  try {
    const lacks = row.needs.filter((peer) => findBenchPeer(peer) === undefined).map(lackOf);
    const reason = lacks.length > 0 ? lacks.join(", ") : await row.unavailable?.();
    if (reason !== undefined) return { ...facts, state: "skipped", reason };
    const outcome = await row.run(bench);
    return {
      ...facts,
      ...outcome,
      state: "measured",
      holds: missedBars(bars, outcome.figures).length === 0,
    };
  } catch (error) {
    return { ...facts, state: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}
