import { existsSync, readFileSync } from "node:fs";

/** @typedef {import("./reporter.mjs").Counts} Counts */

/**
 * The counts of one run of vitest. A run that failed with no test to blame, or that left no counts, is a failure.
 * @param {{ file: string, code: number }} run where the reporter wrote, and vitest's exit code
 * @returns {Counts}
 */
export function readCounts({ file, code }) {
  /** @type {Counts} */
  const counts = existsSync(file)
    ? JSON.parse(readFileSync(file, "utf8"))
    : { passed: 0, failed: 1, skipped: [] };
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/**
 * @param {readonly Counts[]} runs
 * @returns {Counts}
 */
export function sum(runs) {
  return {
    passed: runs.reduce((total, { passed }) => total + passed, 0),
    failed: runs.reduce((total, { failed }) => total + failed, 0),
    skipped: runs.flatMap(({ skipped }) => skipped),
  };
}

/**
 * Which tests were skipped and why, a line a reason: first what does not apply, then what this machine lacks.
 * The former's reason is the one that the test gave to vitest, the latter's stands in its name (`describeWithPeers`).
 * @param {Counts} counts
 */
export function skippedLines({ skipped }) {
  /** @type {Map<string, { tests: number, files: Set<string> }>} */
  const reasons = new Map();
  for (const { file, name, reason = "the test says so without a reason" } of skipped) {
    const lack = /\[skipped: (.*?)\]/.exec(name)?.[1];
    const line = lack === undefined ? `Does not apply, ${reason}` : `Skipped, ${lack}`;
    const entry = reasons.get(line) ?? { tests: 0, files: new Set() };
    reasons.set(line, { tests: entry.tests + 1, files: entry.files.add(file) });
  }
  const lines = [...reasons].map(
    ([line, { tests, files }]) => `${line} (${tests}): ${[...files].sort().join(", ")}`,
  );
  return lines.sort();
}

/** @param {Counts} counts */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped.length} skipped`;
}
