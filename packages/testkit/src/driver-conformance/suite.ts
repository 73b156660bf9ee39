import assert from "node:assert/strict";
import { Skip } from "../conformance/bench.ts";
import { openFiles } from "../conformance/open-files.ts";
import { leaked, skipTest } from "../conformance/suite.ts";
import { createDriverBench } from "./bench.ts";
import { type DriverCase, driverCaseOf, driverCases } from "./cases.ts";
import type { DriverCaseOptions, DriverConformanceOptions } from "./types.ts";

/**
 * Defines one test for each rule of the contract of storage drivers. A rule that means nothing to the driver is skipped with the reason.
 *
 * ```ts
 * import { describe, it } from "vitest"; // or from "node:test"
 * driverConformance({ test: { describe, it }, name: "zfs", setup: () => zfsFixture() });
 * ```
 *
 * @throws RangeError where `skip` names a case that there is not
 */
export function driverConformance(options: DriverConformanceOptions): void {
  const { test, name, skip = [] } = options;
  const reasons = new Map(skip.flatMap(({ reason, cases }) => cases.map((each) => [each, reason] as const)));
  for (const each of reasons.keys()) {
    if (!driverCases.includes(each)) throw new RangeError(`no case is called ${JSON.stringify(each)}`);
  }
  test.describe(`the storage driver ${name}`, () => {
    for (const each of driverCases) {
      test.it(each, async (context) => {
        const reason = reasons.get(each) ?? (await runCase(each, options));
        if (reason !== undefined) skipTest(context, reason);
      });
    }
  });
}

/** Runs one case. Gives the reason where there was nothing to test, and throws where a rule is broken. */
async function runCase(name: DriverCase, options: DriverCaseOptions): Promise<string | undefined> {
  const fixture = await options.setup();
  try {
    const before = openFiles();
    const { bench, close } = await createDriverBench(fixture, options);
    try {
      await driverCaseOf(name)(bench);
    } catch (error) {
      if (error instanceof Skip) return error.reason;
      throw error;
    } finally {
      await close();
    }
    assert.deepEqual(leaked(before, openFiles()), [], "files are left open");
    return undefined;
  } finally {
    await fixture.dispose();
  }
}
