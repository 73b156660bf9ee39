import { writeFileSync } from "node:fs";
import path from "node:path";
import { temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { closingLine, readOutcome, skippedLines, sum } from "../src/results.mjs";

const folder = temporaryDirectory();

function reported(testResults: unknown[]): string {
  const file = path.join(folder, `${Math.random()}.json`);
  writeFileSync(file, JSON.stringify({ testResults }));
  return file;
}

const test = (status: string, ...titles: string[]) => ({
  status,
  ancestorTitles: titles.slice(0, -1),
  title: titles.at(-1) ?? "",
});

it("tests are counted, and the reason of a skipped one is told with its file", () => {
  const file = path.resolve(import.meta.dirname, "results.test.ts");
  const report = reported([
    {
      name: file,
      status: "failed",
      assertionResults: [
        test("passed", "one"),
        test("failed", "two"),
        test("pending", "peer [skipped: umoci is not installed]", "all of it"),
        test("skipped", "group", "only for root"),
      ],
    },
  ]);
  const outcome = readOutcome({ report, code: 1, seconds: 2 });
  const total = sum([outcome, outcome]);
  expect(closingLine(total)).toBe("2 passed, 2 failed, 4 skipped");
  expect(skippedLines(total)).toEqual([
    "Skipped, since umoci is not installed: tools/setup/test/results.test.ts",
    "Skipped, since the test itself says so: group > only for root: tools/setup/test/results.test.ts",
  ]);
});

it("a file that cannot be imported is a failure", () => {
  const report = reported([{ name: "x.test.ts", status: "failed", assertionResults: [] }]);
  expect(closingLine(readOutcome({ report, code: 1, seconds: 1 }))).toBe("0 passed, 1 failed, 0 skipped");
});

it("a run that failed with no test to blame is a failure, and so is one that left no report", () => {
  const report = reported([
    { name: "x.test.ts", status: "passed", assertionResults: [test("passed", "one")] },
  ]);
  expect(closingLine(readOutcome({ report, code: 1, seconds: 1 }))).toBe("1 passed, 1 failed, 0 skipped");
  const absent = path.join(folder, "absent.json");
  expect(closingLine(readOutcome({ report: absent, code: 1, seconds: 1 }))).toBe(
    "0 passed, 1 failed, 0 skipped",
  );
});
