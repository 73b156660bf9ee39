import { run } from "@drayage-internal/peers/run";
import type { Bench } from "./bench.ts";
import { childProgram, drayEntry } from "./dray.ts";
import { removeLargeFiles } from "./folders.ts";
import { measure, measuringEnvironment } from "./measure.ts";

/** The stages of a copy, in the order in which a byte passes them. */
export const stageNames = ["start-up", "read", "hash", "inflate", "deflate", "crc", "write", "sync"] as const;

export type StageName = (typeof stageNames)[number];

/** Processor seconds of each stage that an operation has. */
export type StageCosts = Readonly<Partial<Record<StageName, number>>>;

/** The rows whose stages are measured; the child program knows them by these names. */
export const stagedRows = ["oci-dir", "gzip", "docker-archive"] as const;

export type StagedRow = (typeof stagedRows)[number];

/** Measures each stage by itself, with the same libraries, on one thread. */
export async function measureStages(bench: Bench): Promise<Readonly<Record<StagedRow, StageCosts>>> {
  const place = bench.newPlace("stages");
  try {
    const layers = JSON.stringify(await bench.inputs.layers());
    const { stdout } = await run(process.execPath, [childProgram("stages.mjs"), place.folder, layers], {
      env: measuringEnvironment(place.scratch),
    });
    const costs = JSON.parse(stdout) as Record<StagedRow, StageCosts>;
    const start = await measure({ program: process.execPath, args: [drayEntry(), "--version"] }, place);
    const withStart = stagedRows.map((name) => [name, { "start-up": start.cpuSeconds, ...costs[name] }]);
    return Object.fromEntries(withStart) as Record<StagedRow, StageCosts>;
  } finally {
    removeLargeFiles(place.folder);
  }
}
