import { expect, it } from "vitest";
import { pathScopes } from "../src/index.ts";

it("are the path and the folders that it is in, without the root", () => {
  expect(pathScopes("/srv/images/app")).toEqual(["/srv/images/app", "/srv/images", "/srv"]);
  expect(pathScopes("/srv")).toEqual(["/srv"]);
  expect(pathScopes("/")).toEqual([]);
});

it("are the same on Windows, without the drive", () => {
  expect(pathScopes("C:\\images\\app")).toEqual(["C:\\images\\app", "C:\\images"]);
  expect(pathScopes("C:\\")).toEqual([]);
});

it("take a backslash for a letter where paths have slashes", () => {
  expect(pathScopes("/srv/a\\b")).toEqual(["/srv/a\\b", "/srv"]);
});
