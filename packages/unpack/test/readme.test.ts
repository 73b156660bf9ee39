import { join } from "node:path";
import { expect, it } from "vitest";
import { runReadme } from "../../../tools/build/readme.ts";

it("the README's program prints what it says", async () => {
  const printed = await runReadme(join(import.meta.dirname, ".."));
  expect(printed).toBe("I am etc/hosts\n2 entries, 29 bytes; 2 entries, 15 bytes\n");
});
