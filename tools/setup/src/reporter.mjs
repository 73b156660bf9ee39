import { writeFileSync } from "node:fs";

/**
 * @typedef {import("vitest/node").Reporter} Reporter
 * @typedef {{ passed: number, failed: number, skipped: Skipped[] }} Counts
 * @typedef {{ file: string, name: string, reason: string | undefined }} Skipped
 */

/**
 * A reporter of vitest that writes the true counts of a run to the file `DRAYAGE_RESULTS`. A file that cannot
 * be imported, a hook that fails and an error outside of all tests count as failures too.
 * @implements {Reporter}
 */
export default class CountingReporter {
  /**
   * @param {readonly import("vitest/node").TestModule[]} modules
   * @param {readonly import("vitest").SerializedError[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    /** @type {Counts} */
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      const failedBefore = counts.failed;
      for (const test of module.children.allTests()) count(counts, module, test);
      const failedOtherwise = module.state() === "failed" && counts.failed === failedBefore;
      if (failedOtherwise) counts.failed += 1;
    }
    const { DRAYAGE_RESULTS } = process.env;
    if (DRAYAGE_RESULTS !== undefined) writeFileSync(DRAYAGE_RESULTS, JSON.stringify(counts));
  }
}

/**
 * @param {Counts} counts
 * @param {import("vitest/node").TestModule} module
 * @param {import("vitest/node").TestCase} test
 */
function count(counts, module, test) {
  const result = test.result();
  if (result.state === "passed") counts.passed += 1;
  else if (result.state === "failed") counts.failed += 1;
  else {
    const reason = result.state === "skipped" ? result.note : "it did not end";
    counts.skipped.push({ file: module.relativeModuleId, name: test.fullName, reason });
  }
}
