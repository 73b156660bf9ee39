import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ensureNode24 } from "../node24.mjs";
import { ensurePeers } from "../peers.mjs";
import { cache, inCi, runNode } from "../process.mjs";
import { closingLine, readCounts, skippedLines, sum } from "../results.mjs";
import { build } from "./build.mjs";

/**
 * @typedef {import("../reporter.mjs").Counts} Counts
 * @typedef {{ name: string, args: readonly string[], node?: string }} Run
 */

// For .ci/run, which ends with it.
const closingFile = path.join(cache, "closing-line");

/**
 * All tests: of the units, against the peers, of the workspace, and those of the units again on Node 24.
 * @param {readonly string[]} args names of test files, or other arguments of vitest
 */
export async function test(args) {
  rmSync(closingFile, { force: true });
  await ensurePeers();
  const built = await build();
  if (built !== 0) return built;
  const node24 = await secondNode();
  /** @type {Run[]} */
  const runs = [
    { name: "units", args: ["--project", "units"] },
    { name: "peers and workspace", args: ["--project", "peers", "--project", "workspace"] },
  ];
  if ("binary" in node24)
    runs.push({ name: "units on Node 24", args: ["--project", "units"], node: node24.binary });

  mkdirSync(cache, { recursive: true });
  const counted = [];
  const lines = [""];
  for (const run of runs) {
    const started = performance.now();
    const counts = await vitest(run, args);
    counted.push(counts);
    const seconds = Math.round((performance.now() - started) / 1000);
    lines.push(`${run.name}: ${closingLine(counts)}, in ${seconds} s`);
  }
  const total = sum(counted);

  for (const line of lines) console.log(line);
  for (const line of skippedLines(total)) console.log(line);
  if ("reason" in node24) console.log(`The units were not run on Node 24: ${node24.reason}.`);
  console.log(closingLine(total));
  writeFileSync(closingFile, `${closingLine(total)}\n`);
  const nothingRan = total.passed + total.failed === 0;
  return total.failed > 0 || nothingRan || (inCi && "reason" in node24 && node24.required) ? 1 : 0;
}

/** @returns {Promise<{ binary: string } | { reason: string, required: boolean }>} */
async function secondNode() {
  if (Number(process.versions.node.split(".")[0]) >= 24) {
    return { reason: `the first run was on Node ${process.versions.node}`, required: false };
  }
  const node24 = await ensureNode24();
  return "binary" in node24 ? node24 : { ...node24, required: true };
}

/**
 * @param {Run} run
 * @param {readonly string[]} args
 * @returns {Promise<Counts>}
 */
async function vitest(run, args) {
  console.log(`\n== ${run.name}`);
  const file = path.join(cache, `${run.name.replaceAll(" ", "-")}.json`);
  rmSync(file, { force: true });
  const reporters = ["--reporter=default", "--reporter=./tools/setup/src/reporter.mjs"];
  const filters = args.length > 0 ? ["--passWithNoTests", ...args] : [];
  const code = await runNode(
    "node_modules/vitest/vitest.mjs",
    ["run", ...run.args, ...reporters, ...filters],
    {
      env: { DRAYAGE_RESULTS: file },
      ...(run.node === undefined ? {} : { node: run.node }),
    },
  );
  return readCounts({ file, code });
}
