import { abilityWords } from "@drayage/transport";
import { createBench } from "./bench.ts";
import { type ConformanceCase, caseOf, conformanceCases } from "./cases.ts";
import { defineCases, runWithBench } from "./define-cases.ts";
import type { CaseOptions, ConformanceOptions } from "./types.ts";

/**
 * Defines one test for each rule of the contract of transports. A rule that means nothing to the transport, since it
 * lacks an ability, is skipped with the reason.
 *
 * ```ts
 * import { describe, it } from "vitest"; // or from "node:test"
 * transportConformance({ test: { describe, it }, name: "zip", setup: () => zipFixture() });
 * ```
 *
 * @throws RangeError where `skip` names a case that there is not
 */
export function transportConformance(options: ConformanceOptions): void {
  const { test, name, skip } = options;
  defineCases({
    test,
    title: `the transport ${name}`,
    cases: conformanceCases,
    skip,
    run: (each) => runCase(each, options),
  });
}

/** Runs one case. Gives the reason where there was nothing to test, and throws where a rule is broken. */
async function runCase(name: ConformanceCase, options: CaseOptions): Promise<string | undefined> {
  const { needs = [], run } = caseOf(name);
  const fixture = await options.setup();
  try {
    const lacking = needs.find((ability) => fixture.transport[ability] === undefined);
    if (lacking !== undefined) return `it cannot ${abilityWords[lacking]}`;
    return await runWithBench(() => createBench(fixture, options), run);
  } finally {
    await fixture.dispose();
  }
}
