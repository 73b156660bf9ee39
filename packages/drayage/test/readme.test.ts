import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { encodeTarHeader, tarEnd, tarPadding } from "@drayage/tar";
import { afterAll, describe, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { allTransports, copy, createRegistry } from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "drayage-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The JavaScript of a README, as one program. */
function programOf(readme: string): string {
  const text = readFileSync(new URL(readme, import.meta.url), "utf8");
  const code = [...text.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "");
  expect(code).toHaveLength(1);
  return code.join("\n");
}

async function makeArchive(path: string): Promise<void> {
  const body = new TextEncoder().encode("hello");
  const header = encodeTarHeader({ name: "hello.txt", type: "file", size: body.length });
  writeFileSync(join(folder, "layer.tar"), Buffer.concat([header, body, tarPadding(body.length), tarEnd()]));
  const registry = createRegistry(allTransports());
  const from = await registry.resolve(`tarball:${join(folder, "layer.tar")}`);
  await copy(from, await registry.resolve(`docker-archive:${path}`));
}

/** Checks a file as a strict TypeScript program: gives what tsc says, nothing where all is well. */
function typeErrors(file: string): string {
  const project = `${file}.tsconfig.json`;
  const settings = { extends: "../tsconfig.json", include: [], files: [basename(file)] };
  writeFileSync(project, JSON.stringify(settings));
  const tsc = new URL("../../../node_modules/typescript7/bin/tsc", import.meta.url).pathname;
  try {
    return spawnSync(process.execPath, [tsc, "-p", project], { encoding: "utf8" }).stdout;
  } finally {
    rmSync(project);
  }
}

describe.each(["../../../README.md", "../README.md"])("the code of %s", (readme) => {
  it("is strict TypeScript too", () => {
    const file = new URL(`./readme-types-${process.pid}.generated.ts`, import.meta.url).pathname;
    try {
      writeFileSync(file, `${programOf(readme)}\nexport const wrong: string = 1;\n`);
      expect(typeErrors(file)).toMatch(/^[^\n]*'number' is not assignable to type 'string'\.\n$/);
    } finally {
      rmSync(file);
    }
  });

  it("runs, and prints what it says", async () => {
    const place = mkdtempSync(join(folder, "run-"));
    await makeArchive(join(place, "app.tar"));
    // The bundler resolves "drayage" from where the file is.
    const entry = new URL(`./readme-${process.pid}.generated.ts`, import.meta.url).pathname;
    writeFileSync(entry, programOf(readme));
    try {
      const bundle = await bundleForNode(entry, place);
      const stdout = execFileSync(process.execPath, [bundle], {
        cwd: place,
        encoding: "utf8",
        stdio: "pipe",
      });
      expect(stdout).toMatch(/^sha256:[0-9a-f]{64}/);
      if (readme === "../../../README.md") expect(stdout).toMatch(/ moved 2 blobs\ntrue\n$/);
    } finally {
      rmSync(entry);
    }
  });
});
