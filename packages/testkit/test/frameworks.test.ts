import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { conformanceCases } from "../src/index.ts";

let folder: string;
let program: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
  program = await bundleForNode(join(import.meta.dirname, "support", "node-test-worker.ts"), folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...options: string[]): { status: number | null; stdout: string } {
  return spawnSync(process.execPath, ["--test-reporter=tap", program, ...options], { encoding: "utf8" });
}

describe("the suite under vitest", () => {
  it("shows as skipped, with the reason, what a transport cannot do", () => {
    const root = join(import.meta.dirname, "..");
    const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
    const options = ["run", "--reporter=json", "--root", root, "test/conformance.test.ts"];
    const { status, stdout } = spawnSync(process.execPath, [vitest, ...options], { encoding: "utf8" });
    const report = JSON.parse(stdout.slice(stdout.indexOf("{"))) as Report;
    expect(status).toBe(0);
    const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
    expect(results.filter(({ status }) => status === "skipped").map(({ title }) => title)).toEqual([
      "lists what refers to an image, and nothing else",
      "keeps an OCI image byte for byte",
      "keeps an OCI index of two platforms byte for byte",
      "keeps a docker manifest list of two platforms byte for byte",
      "takes as many blobs at a time as it says",
    ]);
    expect(results.length).toBe(2 * conformanceCases.length);
  });
});

/** What is looked at of vitest's report. */
interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

describe("the suite under node:test", () => {
  it("runs every case, skips with the reason and passes", () => {
    const { status, stdout } = run();
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^# tests ${conformanceCases.length}$`, "m"));
    expect(stdout).toMatch(/^# fail 0$/m);
    expect(stdout).toMatch(/^# skipped 1$/m);
    expect(stdout).toContain("# SKIP it takes one blob after the other: parallelBlobs is 1");
  });

  it("fails where a rule is broken", () => {
    const { status, stdout } = run("broken");
    expect(status).toBe(1);
    expect(stdout).toMatch(/^# fail 1$/m);
    expect(stdout).toContain("not ok");
    expect(stdout).toContain("lists the images at a place");
  });
});
