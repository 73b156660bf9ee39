import { closeSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { requireSys, sysUnavailable } from "@drayage/sys";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ensureFolder } from "../src/root/path-in-root.ts";
import { type Missing, openRoot, readText, walk } from "../src/root/walk.ts";

const whyNot = sysUnavailable();
const note = whyNot === undefined ? "" : ` [skipped: ${whyNot}]`;

describe.skipIf(whyNot !== undefined)(`the way through a root${note}`, () => {
  let root: string;
  let mask: number;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), "drayage-"));
    mask = process.umask();
  });
  afterEach(() => {
    process.umask(mask);
    rmSync(root, { recursive: true, force: true });
  });
  const modeOf = (name: string): number => statSync(path.join(root, name)).mode & 0o7777;
  const inRoot = <T>(use: (fd: number) => T): T => {
    const fd = openRoot(root);
    try {
      return use(fd);
    } finally {
      closeSync(fd);
    }
  };
  const go = (to: string, missing?: Missing): void =>
    inRoot((fd) => closeSync(walk(requireSys("test"), fd, to, missing)));

  it("is made with mode 755, whatever the mask of the process", () => {
    process.umask(0o077);
    expect(ensureFolder(root, "/a/b")).toBe(path.join(root, "a/b"));
    go("/c/file", { kind: "file" });
    expect(["a", "a/b", "c", "c/file"].map(modeOf)).toEqual([0o755, 0o755, 0o755, 0o755]);
  });

  it("is made below the root, wherever links and dots lead", () => {
    symlinkSync("/in", path.join(root, "absolute"));
    symlinkSync("../../../up", path.join(root, "upwards"));
    expect(ensureFolder(root, "/absolute/../../../x")).toBe(path.join(root, "x"));
    expect(ensureFolder(root, "upwards/y")).toBe(path.join(root, "up/y"));
    expect(readdirSync(root).sort()).toEqual(["absolute", "in", "up", "upwards", "x"]);
  });

  it("is not made below names that something is mounted on", () => {
    go("/proc/self/x", { kind: "folder", except: ["proc"] });
    go("/a/proc", { kind: "folder", except: ["proc"] });
    expect(readdirSync(root)).toEqual(["a"]);
    expect(readdirSync(path.join(root, "a"))).toEqual(["proc"]);
  });

  it("ends after 255 links", () => {
    writeFileSync(path.join(root, "l0"), "text");
    for (let at = 1; at <= 256; at += 1) symlinkSync(`l${at - 1}`, path.join(root, `l${at}`));
    const read = (name: string) => inRoot((fd) => readText(requireSys("test"), fd, name));
    expect(read("l255")).toBe("text");
    expect(() => go("l256")).toThrow(expect.objectContaining({ code: "ELOOP" }));
    expect(read("l256")).toBeUndefined();
  });

  it("leads to texts of which no more is read than is wanted", () => {
    writeFileSync(path.join(root, "text"), "0123456789");
    expect(inRoot((fd) => readText(requireSys("test"), fd, "/text", 4))).toBe("0123");
  });
});
