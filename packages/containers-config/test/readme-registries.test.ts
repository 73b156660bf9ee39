import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";

const folder = mkdtempSync(join(tmpdir(), "drayage-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the code of a section of the README beside these files. */
async function run(section: string, files: Readonly<Record<string, string>>): Promise<string> {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const text = readme.slice(readme.indexOf(`\n## ${section}\n`));
  const [, program] = /^```js\n([\s\S]*?)^```$/m.exec(text) ?? [];
  if (program === undefined) throw new Error(`the section ${section} has no code`);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  // The bundler resolves the packages from where the file is.
  const entry = new URL(`./${section.replace(" ", "-")}-${process.pid}.generated.ts`, import.meta.url)
    .pathname;
  writeFileSync(entry, program);
  try {
    const bundle = await bundleForNode(entry, folder);
    return execFileSync(process.execPath, [bundle], { cwd: folder, encoding: "utf8", stdio: "pipe" });
  } finally {
    rmSync(entry);
  }
}

it("the README's code for registries prints where to look", async () => {
  const conf =
    '[[registry]]\nlocation = "docker.io"\nmirror = [{ location = "localhost:5000/hub", insecure = true }]\n';
  expect(await run("Registries", { "registries.conf": conf })).toBe(
    "localhost:5000/hub/library/busybox:1 true true\ndocker.io/library/busybox:1 false false\n",
  );
});

it("the README's code for policies accepts and rejects", async () => {
  const policy = (type: string): string => JSON.stringify({ default: [{ type }] });
  expect(await run("Trust policy", { "policy.json": policy("insecureAcceptAnything") })).toBe("");
  await expect(run("Trust policy", { "policy.json": policy("reject") })).rejects.toThrow(
    "Running image docker://docker.io/library/busybox:1 is rejected by policy",
  );
});
