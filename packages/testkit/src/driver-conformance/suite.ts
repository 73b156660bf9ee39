import { defineCases, runWithBench } from "../conformance/define-cases.ts";
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
  const { test, name, skip } = options;
  defineCases({
    test,
    title: `the storage driver ${name}`,
    cases: driverCases,
    skip,
    run: (each) => runCase(each, options),
  });
}

/** Runs one case. Gives the reason where there was nothing to test, and throws where a rule is broken. */
async function runCase(name: DriverCase, options: DriverCaseOptions): Promise<string | undefined> {
  const fixture = await options.setup();
  try {
    return await runWithBench(() => createDriverBench(fixture, options), driverCaseOf(name));
  } finally {
    await fixture.dispose();
  }
}
