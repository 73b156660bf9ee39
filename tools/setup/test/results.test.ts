import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { closingLine, readCounts, skippedLines, sum } from "../src/results.mjs";

const root = path.resolve(import.meta.dirname, "../../..");
const reporter = path.resolve(import.meta.dirname, "../src/reporter.mjs");

/** Runs vitest on files of the given contents, and gives its counts. */
async function countsOf(files: Record<string, string>): Promise<ReturnType<typeof readCounts>> {
  const folder = path.join(temporaryDirectory(), "project");
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const file = path.join(folder, "counts.json");
  const args = [path.join(root, "node_modules/vitest/vitest.mjs"), "run", "--root", folder, "--globals"];
  const { code } = await run(process.execPath, [...args, `--reporter=${reporter}`], {
    env: { DRAYAGE_RESULTS: file, VITEST: undefined },
    mayFail: true,
  });
  return readCounts({ file, code });
}

it("tests are counted, and the reasons of skipped ones are told with their files", async () => {
  const counts = await countsOf({
    "a.test.js": `
      it("holds", () => {});
      it("does not hold", () => { throw new Error("no"); });
      it("has a reason", (context) => context.skip("this is no transport of that kind"));
      describe("a peer [skipped: umoci is not installed]", () => { it.skip("all of it", () => {}); });
    `,
    "b.test.js": 'it.skip("has none", () => {});\n',
  });
  expect(closingLine(counts)).toBe("1 passed, 1 failed, 3 skipped");
  expect(skippedLines(sum([counts, counts]))).toEqual([
    "Does not apply, the test says so without a reason (2): b.test.js",
    "Does not apply, this is no transport of that kind (2): a.test.js",
    "Skipped, umoci is not installed (2): a.test.js",
  ]);
});

it("a file that cannot be imported, a hook that fails and an error outside of all tests are failures", async () => {
  const counts = await countsOf({
    "absent.test.js": 'import "./nowhere.js";\nit("never runs", () => {});\n',
    "hook.test.js": 'afterAll(() => { throw new Error("no"); });\nit("holds", () => {});\n',
    "late.test.js": 'it("holds", () => { Promise.reject(new Error("unhandled")); });\n',
  });
  expect(closingLine(counts)).toBe("2 passed, 3 failed, 0 skipped");
});

it("a run that failed with no test to blame is a failure, and so is one that left no counts", () => {
  const file = path.join(temporaryDirectory(), "counts.json");
  expect(closingLine(readCounts({ file, code: 0 }))).toBe("0 passed, 1 failed, 0 skipped");
  writeFileSync(file, JSON.stringify({ passed: 3, failed: 0, skipped: [] }));
  expect(closingLine(readCounts({ file, code: 1 }))).toBe("3 passed, 1 failed, 0 skipped");
  expect(closingLine(readCounts({ file, code: 0 }))).toBe("3 passed, 0 failed, 0 skipped");
});
