import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { conformanceCases } from "../src/index.ts";

let folder: string;
let program: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
  program = await bundleForNode(join(import.meta.dirname, "support", "node-test.ts"), folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...options: string[]): { status: number | null; stdout: string } {
  return spawnSync(process.execPath, ["--test-reporter=tap", program, ...options], { encoding: "utf8" });
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
