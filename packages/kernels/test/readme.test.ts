import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { runReadme } from "../../../tools/build/readme.ts";

const home = join(import.meta.dirname, "..");

it("the code of the README runs, and prints what it says", async () => {
  expect(await runReadme(home)).toBe("the kernels run here\ntrue\ntrue true\n");
});

it.each(["README.md", "docs/how-it-works.md"])("the files that %s links to are there", (page) => {
  const file = join(home, page);
  const links = [...readFileSync(file, "utf8").matchAll(/\]\(([^)]+)\)/g)].map(([, link = ""]) => link);
  const local = links.filter((link) => !link.startsWith("https:"));
  expect(local).not.toEqual([]);
  expect(local.filter((link) => !existsSync(join(dirname(file), link)))).toEqual([]);
});
