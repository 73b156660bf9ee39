import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, expect, it } from "vitest";
import { explicitPath } from "../src/index.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "drayage-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, "real/inner"), { recursive: true });
mkdirSync(join(folder, "elsewhere"));
symlinkSync(join(folder, "real/inner"), join(folder, "elsewhere/link"));
writeFileSync(join(folder, "real/file"), "");

it("leaves an absolute path without links as it is", () => {
  expect(explicitPath(join(folder, "real/inner"))).toBe(join(folder, "real/inner"));
});

it("follows links, and takes .. as the system does", () => {
  expect(explicitPath(join(folder, "elsewhere/link"))).toBe(join(folder, "real/inner"));
  expect(explicitPath(`${folder}/elsewhere/link/../file`)).toBe(join(folder, "real/file"));
});

it("starts relative paths where the process is", () => {
  expect(explicitPath(relative(process.cwd(), join(folder, "real/./file")))).toBe(join(folder, "real/file"));
});

it("resolves what there is of a path that is not there", () => {
  expect(explicitPath(join(folder, "elsewhere/link/new/image"))).toBe(join(folder, "real/inner/new/image"));
});

it("says what cannot be resolved", () => {
  expect(() => explicitPath(join(folder, "real/file/below"))).toThrow(
    expect.objectContaining({ code: "ERR_DRAYAGE_IO" }),
  );
});
