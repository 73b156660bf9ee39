import assert from "node:assert/strict";
import { abilityWords } from "@drayage/transport";
import { createBench, Skip } from "./bench.ts";
import { type ConformanceCase, caseOf, conformanceCases } from "./cases.ts";
import { openFiles } from "./open-files.ts";
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
  const { test, name, skip = [] } = options;
  const reasons = new Map(skip.flatMap(({ reason, cases }) => cases.map((each) => [each, reason] as const)));
  for (const each of reasons.keys()) {
    if (!conformanceCases.includes(each)) throw new RangeError(`no case is called ${JSON.stringify(each)}`);
  }
  test.describe(`the transport ${name}`, () => {
    for (const each of conformanceCases) {
      test.it(each, async (context) => {
        const reason = reasons.get(each) ?? (await runCase(each, options));
        if (reason !== undefined) skipTest(context, reason);
      });
    }
  });
}

/** Runs one case. Gives the reason where there was nothing to test, and throws where a rule is broken. */
async function runCase(name: ConformanceCase, options: CaseOptions): Promise<string | undefined> {
  const { needs = [], run } = caseOf(name);
  const fixture = await options.setup();
  try {
    const lacking = needs.find((ability) => fixture.transport[ability] === undefined);
    if (lacking !== undefined) return `it cannot ${abilityWords[lacking]}`;
    const before = openFiles();
    const { bench, close } = createBench(fixture, options);
    try {
      await run(bench);
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

/** What is open now that was not before. */
export function leaked(
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): readonly string[] {
  return after?.filter((path) => before?.includes(path) === false) ?? [];
}

/** Both vitest, whose context is a function, and node:test hand a context with `skip` to a test; elsewhere it passes. */
export function skipTest(context: unknown, reason: string): void {
  const { skip } = Object(context) as { readonly skip?: unknown };
  if (typeof skip === "function") skip.call(context, reason);
}
