import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const source = path.join(import.meta.dirname, "../src");

/** The modules that one reaches by static imports of values, and the packages that these name. */
function reachable(entry: string): { readonly files: Set<string>; readonly packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    const text = readFileSync(path.join(source, file), "utf8");
    for (const [, specifier = ""] of text.matchAll(
      /^(?:import|export)\s+(?!type\b)[^;]*?from\s+"([^"]+)";/gms,
    )) {
      if (specifier.startsWith(".")) visit(path.join(path.dirname(file), specifier));
      else packages.add(specifier);
    }
  };
  visit(entry);
  return { files, packages };
}

it("no module of Node is imported statically, nor any proxy agent", () => {
  const all = reachable("index.ts");
  expect([...all.packages]).toEqual(["@drayage/errors"]);
  const sources = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  expect([...all.files].length).toBeGreaterThan(sources.length / 2);
});

it("what browsers get reaches nothing that is for Node, by dynamic imports neither", () => {
  const { files, packages } = reachable("browser.ts");
  expect([...packages]).toEqual(["@drayage/errors"]);
  for (const file of files) {
    expect(file).not.toMatch(/^node\//);
    expect(readFileSync(path.join(source, file), "utf8")).not.toContain("import(");
  }
});
