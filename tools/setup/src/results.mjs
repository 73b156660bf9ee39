import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { root } from "./process.mjs";

/**
 * @typedef {{ passed: number, failed: number, skipped: readonly Skipped[] }} Counts
 * @typedef {{ file: string, reason: string }} Skipped
 * @typedef {Counts & { seconds: number }} Outcome
 */

/**
 * The true counts of one run of vitest. A run that failed with no test to blame (a file that cannot be
 * imported, an error outside of all tests, a crash) counts one failure for each such file, and at least one.
 * @param {{ report: string, code: number, seconds: number }} run
 * @returns {Outcome}
 */
export function readOutcome({ report, code, seconds }) {
  if (!existsSync(report)) return { passed: 0, failed: code === 0 ? 0 : 1, skipped: [], seconds };
  /** @type {{ testResults: { name: string, status: string, assertionResults: { status: string, ancestorTitles: string[], title: string }[] }[] }} */
  const { testResults } = JSON.parse(readFileSync(report, "utf8"));
  let passed = 0;
  let failed = 0;
  const skipped = [];
  for (const file of testResults) {
    const failedBefore = failed;
    for (const { status, ancestorTitles, title } of file.assertionResults) {
      if (status === "passed") passed += 1;
      else if (status === "failed") failed += 1;
      else
        skipped.push({ file: path.relative(root, file.name), reason: reasonIn([...ancestorTitles, title]) });
    }
    if (file.status === "failed" && failed === failedBefore) failed += 1;
  }
  if (code !== 0 && failed === 0) failed = 1;
  return { passed, failed, skipped, seconds };
}

/** @param {readonly string[]} titles */
function reasonIn(titles) {
  const full = titles.join(" > ");
  return /\[skipped: (.*?)\]/.exec(full)?.[1] ?? `the test itself says so: ${full}`;
}

/**
 * @param {readonly Counts[]} outcomes
 * @returns {Counts}
 */
export function sum(outcomes) {
  return {
    passed: outcomes.reduce((count, { passed }) => count + passed, 0),
    failed: outcomes.reduce((count, { failed }) => count + failed, 0),
    skipped: outcomes.flatMap(({ skipped }) => skipped),
  };
}

/**
 * Which tests were skipped and why, a line a reason.
 * @param {Counts} counts
 */
export function skippedLines({ skipped }) {
  /** @type {Map<string, Set<string>>} */
  const files = new Map();
  for (const { file, reason } of skipped) files.set(reason, (files.get(reason) ?? new Set()).add(file));
  return [...files].map(([reason, names]) => `Skipped, since ${reason}: ${[...names].sort().join(", ")}`);
}

/**
 * @param {Counts} counts
 */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped.length} skipped`;
}
