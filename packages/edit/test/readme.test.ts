import path from "node:path";
import { expect, it } from "vitest";
import { runReadme } from "../../../tools/build/readme.ts";

it("the code of the README runs, and prints what it says", async () => {
  const [digest, ...changes] = (await runReadme(path.resolve(import.meta.dirname, ".."))).split(/ \[(?=\n)/);
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(changes).toEqual([
    [
      "",
      "  { path: 'config.Env[LOG]', after: 'debug' },",
      "  { path: 'config.Cmd', after: [ '/bin/app' ] },",
      "  { path: 'config.User', after: '1000' },",
      `  { path: 'annotations["org.example.tested"]', after: 'yes' }`,
      "]",
      "",
    ].join("\n"),
  ]);
});
