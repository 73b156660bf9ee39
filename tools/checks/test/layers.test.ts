import { copyFileSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { beside, floors, formats } from "../floors.mjs";

const root = path.resolve(import.meta.dirname, "../../..");
const cruiser = path.join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");

/** Lays out packages of the given sources and gives the names of the layer rules that they break. */
async function brokenRules(sources: Record<string, string>): Promise<string[]> {
  const folder = temporaryDirectory();
  copyFileSync(path.join(root, "tsconfig.base.json"), path.join(folder, "tsconfig.base.json"));
  mkdirSync(path.join(folder, "node_modules/@drayage"), { recursive: true });
  mkdirSync(path.join(folder, "node_modules/left-alone"));
  writeFileSync(path.join(folder, "node_modules/left-alone/package.json"), '{"name":"left-alone"}');
  writeFileSync(path.join(folder, "node_modules/left-alone/index.js"), "");
  for (const [name, source] of Object.entries(sources)) {
    const place = path.join(folder, "packages", name);
    mkdirSync(path.join(place, "src"), { recursive: true });
    const exports = { ".": { "@drayage/source": "./src/index.ts" } };
    const dependencies = Object.fromEntries(Object.keys(sources).map((other) => [`@drayage/${other}`, "*"]));
    writeFileSync(
      path.join(place, "package.json"),
      JSON.stringify({ name: `@drayage/${name}`, exports, dependencies }),
    );
    writeFileSync(path.join(place, "src/index.ts"), source);
    symlinkSync(
      path.relative(path.join(folder, "node_modules/@drayage"), place),
      path.join(folder, `node_modules/@drayage/${name}`),
    );
  }
  const args = ["--config", path.join(root, ".dependency-cruiser.mjs"), "--output-type", "json", "packages"];
  const { stdout } = await run(process.execPath, [cruiser, ...args], { cwd: folder, mayFail: true });
  const { summary } = JSON.parse(stdout) as { summary: { violations: { rule: { name: string } }[] } };
  return summary.violations.map(({ rule }) => rule.name).sort();
}

it("imports that look down break no rule", async () => {
  const broken = await brokenRules({
    errors: "export const one = 1;\n",
    digest: 'export { one } from "@drayage/errors";\n',
    "transport-dir": 'export { one } from "@drayage/digest";\n',
    testkit: 'export { one } from "@drayage/errors";\n',
  });
  expect(broken).toEqual([]);
});

it("a package that imports one above it is caught", async () => {
  const floor = floors.findIndex((names) => names.includes("digest"));
  const broken = await brokenRules({
    digest: 'export type { One } from "@drayage/manifest";\n',
    manifest: "export type One = 1;\n",
  });
  expect(broken).toEqual([`floor-${floor}-looks-down`]);
});

it("a transport that imports another is caught, and one that imports the copy engine", async () => {
  const floor = floors.findIndex((names) => names.includes("transport-dir"));
  const broken = await brokenRules({
    copy: "export const one = 1;\n",
    "transport-dir": 'export { one } from "@drayage/copy";\n',
    "transport-tarball": 'export { one } from "@drayage/transport-dir";\n',
  });
  expect(broken).toEqual([`floor-${floor}-looks-down`, `floor-${floor}-looks-down`]);
});

it("a published package that imports the testkit is caught, and a testkit that imports a transport", async () => {
  const floor = floors.findIndex((names) => names.includes("copy"));
  const broken = await brokenRules({
    copy: 'export { one } from "@drayage/testkit";\n',
    testkit: 'export { one } from "@drayage/transport-dir";\n',
    "transport-dir": "export const one = 1;\n",
  });
  expect(broken).toEqual([`floor-${floor}-looks-down`, "testkit-is-beside"]);
});

it("a formats package that imports a module of Node is caught", async () => {
  const broken = await brokenRules({ tar: 'export { Readable } from "node:stream";\n' });
  expect(broken).toEqual(["formats-run-in-browsers"]);
});

it("a package on no floor, a path into another package and an import that leads nowhere are caught", async () => {
  const broken = await brokenRules({
    cellar: "export const one = 1;\n",
    cli: 'export { one } from "../../cellar/src/index.ts";\nexport * from "./absent.ts";\n',
  });
  expect(broken).toContain("through-the-front-door");
  expect(broken).toContain("resolvable");
});

it("an import from npm that the package does not declare is caught", async () => {
  const broken = await brokenRules({ copy: 'import "left-alone";\n' });
  expect(broken).toEqual(["npm-no-pkg"]);
});

it("every package stands on one floor, and the formats are packages", () => {
  const names = [...floors.flat(), beside];
  expect([...names].sort()).toEqual(readdirSync(path.join(root, "packages")).sort());
  expect(formats.filter((name) => !names.includes(name))).toEqual([]);
});
