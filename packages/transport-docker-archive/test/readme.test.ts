import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { readWhole, whole } from "./archives.ts";
import { image, layerA, layerB, open, put } from "./fixtures.ts";

it("the example of the README runs", async () => {
  const text = readFileSync(path.join(import.meta.dirname, "..", "README.md"), "utf8");
  const [, example = ""] = /```ts\n(.*?)```/s.exec(text) ?? [];
  const folder = temporaryDirectory();
  const [from, to] = [path.join(folder, "images.tar"), path.join(folder, "out.tar")];
  const images = [image([layerA]), image([layerA, layerB])] as const;
  for (const [index, name] of ["busybox:1.36", "busybox:1.37"].entries()) {
    await using destination = await open(`${from}:${name}`, { append: true });
    await put(destination, images[index] ?? images[0]);
    await destination.commit();
  }
  const packages = path.join(import.meta.dirname, "..", "..");
  const placed = example.replace(/"@drayage\/(.*)"/g, (_, name: string) =>
    JSON.stringify(path.join(packages, name, "src", "index.ts")),
  );
  writeFileSync(path.join(folder, "example.ts"), placed);
  const program = await bundleForNode(path.join(folder, "example.ts"), folder);
  execFileSync(process.execPath, [program], { cwd: folder });
  for (const [index, name] of ["busybox:1.36", "busybox:1.37"].entries()) {
    expect(await readWhole(`${to}:${name}`)).toEqual(whole(images[index] ?? images[0]));
  }
});
