import { join } from "node:path";
import { expect, it } from "vitest";
import { runReadme } from "../../../tools/build/readme.ts";

it("the code of the README about logins runs, and prints what it says", async () => {
  const printed = await runReadme(join(import.meta.dirname, ".."));
  expect(printed).toContain("{ username: 'robot', password: 'secret' }\nme\ntrue\n");
});
