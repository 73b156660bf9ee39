import { type ConformanceCase, type ConformanceOptions, transportConformance } from "../../src/index.ts";

export interface SuiteResult {
  readonly passed: readonly string[];
  readonly skipped: ReadonlyMap<string, string>;
  readonly failed: ReadonlyMap<string, string>;
}

/** Runs the suite, or one case of it, under a test framework of a few lines, and says what became of each case. */
export async function runSuite(
  options: Omit<ConformanceOptions, "test">,
  only?: ConformanceCase,
): Promise<SuiteResult> {
  const tests = new Map<string, (context: unknown) => Promise<void>>();
  transportConformance({
    ...options,
    test: { describe: (_, body) => body(), it: (name, body) => tests.set(name, body) },
  });
  const passed: string[] = [];
  const skipped = new Map<string, string>();
  const failed = new Map<string, string>();
  for (const [name, body] of tests) {
    if (only !== undefined && name !== only) continue;
    try {
      await body({ skip: (reason: string) => skipped.set(name, reason) });
      if (!skipped.has(name)) passed.push(name);
    } catch (error) {
      failed.set(name, error instanceof Error ? error.message : String(error));
    }
  }
  return { passed, skipped, failed };
}
