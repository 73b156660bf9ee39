import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { madeFolders } from "../src/made-folders.ts";

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("folders are unmade from the inside out, in whatever order their making was heard of", async () => {
  const folders = madeFolders();
  const outer = folders.make(at("a"));
  // The folder is there as soon as the system has made it, which may be before the promise says so.
  while (!existsSync(at("a"))) await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([folders.make(at("a", "b")), outer]);
  await folders.make(at("a", "b", "c"));
  await folders.unmake();
  expect(existsSync(at("a"))).toBe(false);
});

it("folders that others use, or that were there before, stay", async () => {
  const folders = madeFolders();
  await folders.make(folder);
  await folders.make(at("a"));
  await folders.make(at("a", "b"));
  writeFileSync(at("a", "file"), "");
  await folders.unmake();
  expect([existsSync(at("a", "b")), existsSync(at("a", "file"))]).toEqual([false, true]);
});
