import { join } from "node:path";
import { expect, it } from "vitest";
import { runReadme } from "../../../tools/build/readme.ts";

it("the code of the README runs, and prints what it says", async () => {
  expect(await runReadme(join(import.meta.dirname, ".."))).toBe(
    "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\nhello\n",
  );
});
