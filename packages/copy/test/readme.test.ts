import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createRegistry } from "@drayage/transport";
import { dockerArchive } from "@drayage/transport-docker-archive";
import { afterAll, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { copyImage } from "../src/index.ts";
import { addImage, bytesOf } from "./support/images.ts";
import { memorySource, memoryStore } from "./support/memory-store.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "drayage-"));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

it("the code of the README runs, and prints what it says", async () => {
  const readme = fs.readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, program] = /^```js\n([\s\S]*?)^```$/m.exec(readme) ?? [];
  if (program === undefined) throw new Error("the README has no code");

  const store = memoryStore();
  addImage(store, { layers: [{ content: bytesOf(1, 100) }, { content: bytesOf(2, 100) }] });
  const { transport, reference } = await createRegistry([dockerArchive()]).resolve(
    `docker-archive:${path.join(folder, "app.tar")}`,
  );
  const destination = await transport.openDestination?.(reference);
  if (destination === undefined) throw new Error("docker-archive can be written");
  await copyImage({ source: memorySource(store), destination });
  await destination.close();

  // The bundler resolves the packages from where the file is.
  const entry = new URL(`./readme-${process.pid}.generated.ts`, import.meta.url).pathname;
  fs.writeFileSync(entry, program);
  try {
    const bundle = await bundleForNode(entry, folder);
    const stdout = execFileSync(process.execPath, [bundle], { cwd: folder, encoding: "utf8" });
    expect(stdout).toMatch(/^sha256:[0-9a-f]{64} 3\n$/);
  } finally {
    fs.rmSync(entry);
  }
});
