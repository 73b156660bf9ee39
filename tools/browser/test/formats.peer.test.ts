import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { describeWithPeers } from "@drayage-internal/peers";
import { beforeAll, expect, it } from "vitest";
import { formats } from "../../checks/floors.mjs";
import { type Bundle, bundleVectors } from "../src/bundle.ts";
import { runVectors, type VectorOutcome } from "../src/page.ts";

interface VectorModule {
  readonly vectors: readonly { readonly name: string }[];
}

const root = path.resolve(import.meta.dirname, "../../..");
const files = formats.flatMap(vectorFiles);

function vectorFiles(name: string): string[] {
  const folder = `packages/${name}/test/browser`;
  if (!existsSync(path.join(root, folder))) return [];
  const names = readdirSync(path.join(root, folder)).filter((file) => file.endsWith(".vectors.ts"));
  return names.map((file) => `${folder}/${file}`);
}

function declaredDependencies(name: string): string[] {
  const file = path.join(root, "packages", name, "package.json");
  const { dependencies = {} } = JSON.parse(readFileSync(file, "utf8")) as { dependencies?: object };
  return Object.keys(dependencies);
}

it("every formats package has vectors", () => {
  const without = formats.filter((name) => !files.some((file) => file.startsWith(`packages/${name}/`)));
  // The errors are what the vectors of all others throw and look at.
  expect(without).toEqual(["errors"]);
});

const vectorNames = await Promise.all(
  files.map(async (file) => {
    const { vectors } = (await import(pathToFileURL(path.join(root, file)).href)) as VectorModule;
    return { file, names: vectors.map(({ name }) => name) };
  }),
);

describeWithPeers("the formats packages in a browser", ["chromium"], (peers) => {
  let bundle: Bundle;
  let outcomes: readonly VectorOutcome[];

  beforeAll(async () => {
    bundle = await bundleVectors(files);
    outcomes = await runVectors(peers.chromium, bundle.code);
  });

  it("the bundle holds their builds and the dependencies that they declare, and no stand-in for Node", () => {
    const allowed = new Set(formats.flatMap(declaredDependencies));
    const strangers = bundle.inputs.filter((input) => {
      if (input === "<stdin>" || files.includes(input)) return false;
      const dependency = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
      if (dependency !== undefined) return !allowed.has(dependency);
      return !/^packages\/[^/]+\/(?:dist|test)\//.test(input);
    });
    expect(strangers).toEqual([]);
  });

  for (const { file, names } of vectorNames) {
    it.each(names)(`${file}: %s`, (name) => {
      const outcome = outcomes.find((one) => one.file === file && one.name === name);
      expect(outcome).toEqual({ file, name });
    });
  }
});
