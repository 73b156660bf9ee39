import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostileManifests } from "@drayage/testkit";
import { describe, expect, it } from "vitest";
import { dray, testFolder } from "./run-dray.ts";

const folder = testFolder();
const samples = hostileManifests();
const at = (...names: string[]): string => join(folder, ...names);

/** One line that says what is wrong and, after a semicolon, what can be done. */
const oneLineWithHint = /^dray: source: [^\n]+; [^\n]+\n$/;

async function expectRefused(image: string): Promise<void> {
  const before = readdirSync(folder);
  const { status, stdout, stderr } = await dray(["copy", "-q", image, `oci-dir:${at("out")}:x`]);
  expect({ status: status > 0, stdout }, stderr).toEqual({ status: true, stdout: "" });
  expect(stderr).toMatch(oneLineWithHint);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(readdirSync(folder)).toEqual(before);
}

describe("bad input is named on one line with a hint, and nothing changes on disk", () => {
  it.each(samples.map((sample) => [sample.name, sample] as const))(
    "a manifest: %s",
    async (_name, sample) => {
      const place = at(`manifest-${samples.indexOf(sample)}`);
      mkdirSync(place);
      writeFileSync(join(place, "manifest.json"), sample.bytes);
      await expectRefused(`dir:${place}`);
    },
  );

  it.each([
    ["a reference without a transport", "alpine"],
    ["an empty path", "oci-dir:"],
    ["a name that is none", "docker-archive:a.tar:UPPER"],
    ["a place that is not there", "oci-archive:/nonexistent/x.tar"],
    ["an archive that is not there", "docker-archive:/nonexistent/x.tar"],
  ])("%s", async (_what, image) => {
    await expectRefused(image);
  });

  it.each(["docker-archive", "oci-archive", "tarball"])("text as %s", async (scheme) => {
    writeFileSync(at("text"), "this is no archive at all, whatever its name says".repeat(40));
    await expectRefused(`${scheme}:${at("text")}`);
  });

  it("an index.json that is not JSON", async () => {
    mkdirSync(at("layout"), { recursive: true });
    writeFileSync(at("layout", "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    writeFileSync(at("layout", "index.json"), "{");
    await expectRefused(`oci-dir:${at("layout")}`);
  });
});
