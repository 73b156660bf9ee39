import { join } from "node:path";
import { expect, it } from "vitest";
import { runReadme } from "../../../tools/build/readme.ts";

it("the code of the README runs, and prints what it says", async () => {
  expect(await runReadme(join(import.meta.dirname, ".."))).toBe(
    "image 0\n503 a layer terminated\nanswered,answered,broken 10\n",
  );
});
