import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { randomImage } from "@drayage/testkit";
import { run, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { fakeDaemon } from "./support/fake-daemon.ts";
import { savedArchive } from "./support/saved.ts";

it("the example of the README runs", async () => {
  const text = readFileSync(path.join(import.meta.dirname, "..", "README.md"), "utf8");
  const [, example = ""] = /```ts\n(.*?)```/s.exec(text) ?? [];
  const folder = temporaryDirectory();
  const packages = path.join(import.meta.dirname, "..", "..");
  const placed = example.replace(/"@drayage\/(.*)"/g, (_, name: string) =>
    JSON.stringify(path.join(packages, name, "src", "index.ts")),
  );
  writeFileSync(path.join(folder, "example.ts"), placed);
  const program = await bundleForNode(path.join(folder, "example.ts"), folder);
  const image = await randomImage({ seed: "readme" });
  const { host } = await fakeDaemon({ answer: (_, response) => void response.end(savedArchive(image)) });
  const { stdout } = await run(process.execPath, [program], { env: { DOCKER_HOST: host } });
  expect(stdout).toBe(`${image.config.descriptor.digest} linux\n`);
});
