import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { run, temporaryDirectory } from "../src/index.ts";

const vitest = path.resolve(import.meta.dirname, "../../../node_modules/vitest/vitest.mjs");
const helper = path.resolve(import.meta.dirname, "../src/describe.ts");

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Runs a suite that wants skopeo on a machine without it. */
async function suiteWithoutSkopeo(
  ci: string | undefined,
): Promise<Report["testResults"][0]["assertionResults"]> {
  const folder = path.join(temporaryDirectory(), "project");
  mkdirSync(folder);
  const lines = [
    `import { describeWithPeers } from ${JSON.stringify(helper)};`,
    'describeWithPeers("copies", ["skopeo"], () => { it("holds", () => {}); });',
  ];
  writeFileSync(path.join(folder, "a.test.js"), lines.join("\n"));
  const report = path.join(folder, "report.json");
  const args = ["run", "--root", folder, "--globals", "--reporter=json", `--outputFile=${report}`];
  await run(process.execPath, [vitest, ...args], {
    env: { PATH: folder, CI: ci, VITEST: undefined },
    mayFail: true,
  });
  return (JSON.parse(readFileSync(report, "utf8")) as Report).testResults.flatMap(
    ({ assertionResults }) => assertionResults,
  );
}

it("a suite whose peer is missing is skipped with the reason in its name", async () => {
  const [test, ...others] = await suiteWithoutSkopeo(undefined);
  expect(others).toEqual([]);
  expect(test?.status).toBe("skipped");
  expect(test?.fullName).toBe("copies [skipped: skopeo is not installed (Debian package skopeo)] all of it");
});

it("with CI=true it fails", async () => {
  const [test, ...others] = await suiteWithoutSkopeo("true");
  expect(others).toEqual([]);
  expect(test?.status).toBe("failed");
  expect(test?.fullName).toBe("copies: its peers are there");
  expect(test?.failureMessages.join()).toContain("skopeo is not installed (Debian package skopeo)");
});
