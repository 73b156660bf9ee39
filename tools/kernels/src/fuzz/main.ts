import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Options, parseOptions, usage } from "./options.ts";
import type { Report } from "./run.ts";
import { supervise } from "./supervise.ts";

/** Where failures are kept. */
const folder = fileURLToPath(new URL("../../../../node_modules/.cache/drayage/fuzz/", import.meta.url));

/** A run of the fuzzer. Gives the exit code: 1 where a kernel failed. */
export async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  const { seed, targets, minutes, cases, only, hangSeconds } = options;
  console.log(`fuzzing ${targets.join(", ")} with --seed ${seed}`);
  let failures = 0;
  const first = only ?? 0;
  const end = await supervise({
    worker: new URL("../../fuzz-worker.mjs", import.meta.url),
    job: {
      seed,
      targets,
      first,
      end: only === undefined ? cases : only + 1,
      deadline: Date.now() + minutes * 60_000,
    },
    hangMilliseconds: hangSeconds * 1000,
    onFailure(report) {
      failures++;
      console.error(described(report));
    },
  });
  console.log(`${end - first} trials of each, ${failures} failures`);
  return failures === 0 ? 0 : 1;
}

function described(report: Report): string {
  const { target, seed, index, what, problem, alone, data, smallest } = report;
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${target}-${seed}-${index}.json`);
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  const lines = [
    `\n${target} ${problem}`,
    `  of ${what}`,
    `  again: npm run fuzz -- --kernel ${target} --seed ${seed} ${alone ? `--case ${index}` : `--cases ${index + 1}`}`,
  ];
  if (smallest !== undefined && smallest.length <= 400) lines.push(`  smallest: ${smallest || "(empty)"}`);
  if (data !== undefined) lines.push(`  all of it: ${file}`);
  return lines.join("\n");
}
