import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { randomImage, readImage, writeImage } from "@drayage/testkit";
import { ociDir } from "@drayage/transport-oci-dir";
import { afterAll, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "drayage-"));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

it("the code of the README runs, and prints what it says", async () => {
  const readme = fs.readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, program] = /^```js\n([\s\S]*?)^```$/m.exec(readme) ?? [];
  if (program === undefined) throw new Error("the README has no code");
  const layouts = ociDir();
  for (const architecture of ["amd64", "arm64"]) {
    const reference = layouts.parse(`${path.join(folder, architecture)}:app`);
    await using destination = await layouts.openDestination(reference);
    await writeImage(
      destination,
      await randomImage({ seed: architecture, platform: { os: "linux", architecture } }),
    );
  }
  // The bundler resolves the packages from where the file is.
  const entry = new URL(`./readme-${process.pid}.generated.ts`, import.meta.url).pathname;
  fs.writeFileSync(entry, program);
  try {
    const bundle = await bundleForNode(entry, folder);
    const stdout = execFileSync(process.execPath, [bundle], { cwd: folder, encoding: "utf8" });
    expect(stdout).toMatch(/^sha256:[0-9a-f]{64} 2\n$/);
  } finally {
    fs.rmSync(entry);
  }
  await using source = await layouts.openSource(layouts.parse(`${path.join(folder, "both")}:app`));
  const read = await readImage(source);
  expect(read.kind === "index" && read.images.length).toBe(2);
});
