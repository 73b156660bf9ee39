import { expect, it } from "vitest";
import { parseOptions } from "../src/options.ts";
import { allRows, namedRows } from "../src/rows/all.ts";

it("names come with commas or one by one", () => {
  expect(parseOptions(["--only", "gzip,zstd", "--only", "version"]).only).toEqual([
    "gzip",
    "zstd",
    "version",
  ]);
  expect(parseOptions([]).only).toBeUndefined();
});

it.each([
  [["--runs", "0"]],
  [["--runs", "many"]],
  [["--fast"]],
  [["gzip"]],
  [["--write-docs", "--quick"]],
  [["--write-docs", "--only", "gzip"]],
])("%j is refused", (args) => {
  expect(() => parseOptions(args)).toThrow(TypeError);
});

it("a name stands for its row, or else for all that begin with it", () => {
  const names = (...wanted: string[]): string[] => namedRows(allRows, wanted).map(({ name }) => name);
  expect(names("version", "gzip")).toEqual(["gzip", "version"]);
  expect(names("memory")).toEqual([
    "memory-copy",
    "memory-gzip",
    "memory-zstd",
    "memory-inflate",
    "memory-push",
    "memory-pull",
  ]);
  expect(() => names("nothing")).toThrow(/^there is no row nothing; there are oci-dir, /);
});

it("every row has a name of its own", () => {
  const names = allRows.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
