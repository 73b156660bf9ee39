import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { runReadme } from "../../../tools/build/readme.ts";

const folder = path.resolve(import.meta.dirname, "..");

function rows(file: string, row: RegExp): readonly (readonly [code: string, when: string])[] {
  const text = readFileSync(path.join(folder, file), "utf8");
  return [...text.matchAll(row)].map(({ groups }) => [groups?.code ?? "", groups?.when ?? ""]);
}

it("the README has every code, in the words of its docstring", () => {
  const codes = rows("src/codes.ts", /\/\*\* (?<when>.*) \*\/\n {2}\| "(?<code>\w+)"/g);
  expect(codes).toHaveLength(
    readFileSync(path.join(folder, "src/codes.ts"), "utf8").split("  | ").length - 1,
  );
  expect(rows("README.md", /^\| `(?<code>ERR_\w+)` \| (?<when>.*) \|$/gm)).toEqual(codes);
});

it("the code of the README runs, and prints what it says", async () => {
  expect(await runReadme(folder)).toBe(
    "ERR_DRAYAGE_IMAGE_NOT_FOUND write one with: dray copy … dir:/tmp/x\n",
  );
});
