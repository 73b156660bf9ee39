import assert from "node:assert/strict";
import { openFiles } from "./open-files.ts";
import { Skip } from "./skip.ts";
import type { TestApi } from "./types.ts";

/** What a suite is made of, whatever it is that conforms. */
export interface CaseSuite<Case extends string> {
  readonly test: TestApi;
  readonly title: string;
  readonly cases: readonly Case[];
  /** Cases that are left out, each with the reason why. */
  readonly skip?: readonly { readonly reason: string; readonly cases: readonly Case[] }[] | undefined;
  /** Gives the reason where there was nothing to test. */
  readonly run: (name: Case) => Promise<string | undefined>;
}

/** @throws RangeError where `skip` names a case that there is not */
export function defineCases<Case extends string>(suite: CaseSuite<Case>): void {
  const { test, title, cases, skip = [], run } = suite;
  const reasons = new Map(
    skip.flatMap(({ reason, cases: left }) => left.map((each) => [each, reason] as const)),
  );
  for (const each of reasons.keys()) {
    if (!cases.includes(each)) throw new RangeError(`no case is called ${JSON.stringify(each)}`);
  }
  test.describe(title, () => {
    for (const each of cases) {
      test.it(each, async (context) => {
        const reason = reasons.get(each) ?? (await run(each));
        if (reason !== undefined) skipTest(context, reason);
      });
    }
  });
}

/** What a case works with, and what is to be closed after it. */
export interface OpenBench<Bench> {
  readonly bench: Bench;
  close(): Promise<void>;
}

/** Runs one case with a bench. Gives the reason where there was nothing to test, and throws where a rule is broken or a file stays open. */
export async function runWithBench<Bench>(
  open: () => Promise<OpenBench<Bench>> | OpenBench<Bench>,
  run: (bench: Bench) => Promise<void> | void,
): Promise<string | undefined> {
  const before = openFiles();
  const { bench, close } = await open();
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
}

/** What is open now that was not before. */
function leaked(
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): readonly string[] {
  return after?.filter((path) => before?.includes(path) === false) ?? [];
}

/** Both vitest, whose context is a function, and node:test hand a context with `skip` to a test; elsewhere it passes. */
function skipTest(context: unknown, reason: string): void {
  const { skip } = Object(context) as { readonly skip?: unknown };
  if (typeof skip === "function") skip.call(context, reason);
}
