import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { readFileIn } from "../src/sources/read-file-in.ts";

/** Called once after it was looked whether something is a link. */
const looked = vi.hoisted(() => ({ after(_path: string): void {} }));
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  const readlinkSync = (...[path, options]: Parameters<typeof fs.readlinkSync>): unknown => {
    try {
      return fs.readlinkSync(path, options);
    } finally {
      looked.after(String(path));
    }
  };
  return { ...fs, readlinkSync };
});

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "drayage-"));
  for (const [folder, content] of [
    ["context/t", "inside"],
    ["outside", "OUTSIDE"],
  ] as const) {
    mkdirSync(join(base, folder), { recursive: true });
    writeFileSync(join(base, folder, "f"), content);
  }
});
afterEach(() => {
  looked.after = () => {};
  rmSync(base, { recursive: true, force: true });
});

const read = (path: string): string | undefined => {
  const bytes = readFileIn(join(base, "context"), path, 100);
  return bytes && Buffer.from(bytes).toString();
};

it("a link that takes a folder's place once that was looked at leads nowhere", () => {
  expect(read("t/f")).toBe("inside");
  let swapped = 0;
  looked.after = (path) => {
    if (!path.endsWith("/t") || swapped > 0) return;
    swapped += 1;
    renameSync(join(base, "context/t"), join(base, "aside"));
    symlinkSync(join(base, "outside"), join(base, "context/t"));
  };
  expect(read("t/f")).toBeUndefined();
  expect(swapped).toBe(1);
});

it("a path leads through 40 links, and not through one more", () => {
  for (let at = 1; at <= 41; at += 1)
    symlinkSync(at === 1 ? "t/f" : `l${at - 1}`, join(base, "context", `l${at}`));
  expect(read("l40")).toBe("inside");
  expect(() => read("l41")).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_USAGE" }));
});

it("a file of as many bytes as are accepted is read, and a longer one refused", () => {
  writeFileSync(join(base, "context/f"), "x".repeat(100));
  expect(read("f")).toHaveLength(100);
  writeFileSync(join(base, "context/f"), "x".repeat(101));
  expect(() => read("f")).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" }));
});
