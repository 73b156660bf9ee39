import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { run, temporaryDirectory } from "@drayage-internal/peers";
import { beforeAll, describe, expect, it } from "vitest";
import { npm, packAll, packFolder } from "../pack.mjs";

const example = fileURLToPath(new URL("../../../examples/transport-plugin", import.meta.url));
const folder = temporaryDirectory();
const place = path.join(folder, "stranger");
const dray = path.join(place, "node_modules/.bin/dray");

beforeAll(async () => {
  const tarballs = path.join(folder, "tarballs");
  mkdirSync(tarballs);
  mkdirSync(place);
  const packed = await packAll(tarballs);
  const files = Object.fromEntries(packed.map((one) => [one.name, `file:${one.tarball}`]));
  const { "@drayage/cli": cli, ...overrides } = files;
  const plugin = `file:${await packFolder(example, tarballs)}`;
  const dependencies = { "@drayage/cli": cli, "drayage-transport-zip": plugin };
  writeFileSync(
    path.join(place, "package.json"),
    JSON.stringify({ name: "a-stranger", private: true, dependencies, overrides }),
  );
  await npm(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], place);
});

describe("a transport that a third party publishes, installed beside dray", () => {
  it("is found by its scheme, and its images come back byte for byte", async () => {
    writeFileSync(path.join(place, "hello.txt"), "hello");
    await run("tar", ["-cf", "layer.tar", "hello.txt"], { cwd: place });
    for (const [from, to] of [
      ["tarball:layer.tar", "oci-dir:first:app"],
      ["oci-dir:first:app", "zip:app.zip"],
      ["zip:app.zip", "oci-dir:second:app"],
    ] as const) {
      await run(dray, ["copy", from, to], { cwd: place });
    }
    await run("diff", ["-r", "first", "second"], { cwd: place });
    const { stdout } = await run(dray, ["validate", "-q", "zip:app.zip"], { cwd: place });
    expect(stdout).toMatch(/ is valid: checked 1 manifest, 1 config, 1 layer/);
    expect(readFileSync(path.join(place, "app.zip")).subarray(0, 2).toString()).toBe("PK");
  });

  it("is not looked for in the current folder", async () => {
    const elsewhere = path.join(folder, "elsewhere");
    const trap = path.join(elsewhere, "node_modules/drayage-transport-trap");
    mkdirSync(trap, { recursive: true });
    writeFileSync(
      path.join(trap, "package.json"),
      '{"name":"drayage-transport-trap","type":"module","main":"index.js"}',
    );
    writeFileSync(
      path.join(trap, "index.js"),
      'import fs from "node:fs"; fs.writeFileSync("sprung", ""); export default {};',
    );
    await expect(run(dray, ["inspect", "trap://x"], { cwd: elsewhere })).rejects.toThrow(
      /no transport has the scheme/,
    );
    expect(() => readFileSync(path.join(elsewhere, "sprung"))).toThrow(/ENOENT/);
  });
});
