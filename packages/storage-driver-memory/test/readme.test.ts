import { join } from "node:path";
import { expect, it } from "vitest";
import { runReadme } from "../../../tools/build/readme.ts";

it("the code of the README runs, and prints what it says", async () => {
  expect(await runReadme(join(import.meta.dirname, ".."))).toBe("added /etc\n");
});
