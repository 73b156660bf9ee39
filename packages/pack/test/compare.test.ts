import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { loadSys } from "@drayage/sys";
import { temporaryDirectory } from "@drayage-internal/peers";
import { beforeEach, describe, expect, it } from "vitest";
import { changesSize, compareTrees, treeSize } from "../src/index.ts";
import { writeSampleTree } from "./support/sample-tree.ts";

const xattrs = loadSys() !== undefined;
let older: string;
let newer: string;
beforeEach(() => {
  older = temporaryDirectory();
  newer = temporaryDirectory();
});

async function changes(): Promise<readonly string[]> {
  return (await compareTrees(newer, older, { xattrs })).map(({ kind, path }) => `${kind} ${path}`);
}

/** The same files in both trees, with the same times. */
function write(...names: string[]): void {
  for (const root of [older, newer]) {
    for (const name of names) {
      if (name.endsWith("/")) mkdirSync(join(root, name), { recursive: true });
      else writeFileSync(join(root, name), "content");
    }
    execFileSync("find", [root, "-exec", "touch", "-h", "-d", "@1700000000.25", "{}", "+"]);
  }
}

function touch(path: string, time: string): void {
  execFileSync("touch", ["-h", "-d", time, path]);
}

/** Changes in a folder change its time: as if they did not. */
function within(folder: string, change: () => void): void {
  change();
  touch(join(newer, folder), "@1700000000.25");
}

describe("compareTrees", () => {
  it("finds nothing in a copy", async () => {
    writeSampleTree(older);
    rmSync(newer, { recursive: true });
    execFileSync("cp", ["-a", older, newer]);
    expect(await changes()).toEqual([]);
  });

  it("finds everything added where there is nothing to compare with", async () => {
    write("a/", "a/b");
    const found = await compareTrees(newer, undefined, { xattrs });
    expect(found.map(({ kind, path, size }) => [kind, path, size])).toEqual([
      ["added", "/a", 0],
      ["added", "/a/b", 7],
    ]);
  });

  it("sorts by path, byte by byte", async () => {
    for (const name of ["a", "a/x", "a.b", "Z", "ä"]) mkdirSync(join(newer, name), { recursive: true });
    expect(await changes()).toEqual(["added /Z", "added /a", "added /a.b", "added /a/x", "added /ä"]);
  });

  it("changes the folders around a change, though they are the same themselves", async () => {
    write("a/", "a/b/", "a/b/c/", "a/b/file", "a/other");
    within("a/b/c", () => writeFileSync(join(newer, "a/b/c/new"), ""));
    expect(await changes()).toEqual(["changed /a", "changed /a/b", "changed /a/b/c", "added /a/b/c/new"]);
  });

  it("lets what is removed stand for all that was in it", async () => {
    write("a/", "a/b/", "a/b/c");
    within("a", () => rmSync(join(newer, "a/b"), { recursive: true }));
    expect(await changes()).toEqual(["changed /a", "removed /a/b"]);
  });

  it("changes what has become of another type, and adds what is in it", async () => {
    write("file", "folder/", "folder/inner");
    unlinkSync(join(newer, "file"));
    mkdirSync(join(newer, "file"));
    writeFileSync(join(newer, "file/new"), "");
    rmSync(join(newer, "folder"), { recursive: true });
    writeFileSync(join(newer, "folder"), "");
    expect(await changes()).toEqual(["changed /file", "added /file/new", "changed /folder"]);
  });

  it("heeds mode, size, target and time of files, and the mode of folders, but not their time", async () => {
    write("mode", "size", "time", "same", "folder/", "aged/");
    for (const root of [older, newer]) {
      symlinkSync(root === older ? "old" : "new", join(root, "link"));
      touch(join(root, "link"), "@1700000000.25");
    }
    chmodSync(join(newer, "mode"), 0o700);
    writeFileSync(join(newer, "size"), "longer content");
    touch(join(newer, "size"), "@1700000000.25");
    touch(join(newer, "time"), "@1700000001.25");
    chmodSync(join(newer, "folder"), 0o700);
    touch(join(newer, "aged"), "@1700000000.5");
    writeFileSync(join(newer, "same"), "CONTENT");
    touch(join(newer, "same"), "@1700000000.25");
    expect(await changes()).toEqual([
      "changed /folder",
      "changed /link",
      "changed /mode",
      "changed /size",
      "changed /time",
    ]);
  });

  it("takes times of one second for equal where one has no fraction", async () => {
    write("a", "b", "c");
    touch(join(newer, "a"), "@1700000000");
    touch(join(newer, "b"), "@1700000000.75");
    touch(join(newer, "c"), "@1700000001");
    expect(await changes()).toEqual(["changed /b", "changed /c"]);
  });

  it("passes over what is one file in both trees", async () => {
    write("a");
    unlinkSync(join(newer, "a"));
    linkSync(join(older, "a"), join(newer, "a"));
    expect(await changes()).toEqual([]);
  });

  it("follows no symbolic link", async () => {
    write("folder/", "folder/file");
    renameSync(join(newer, "folder"), join(newer, "elsewhere"));
    symlinkSync("elsewhere", join(newer, "folder"));
    expect(await changes()).toEqual(["added /elsewhere", "added /elsewhere/file", "changed /folder"]);
  });

  it("compares owners as the maps have them", async () => {
    write("a");
    const uid = process.getuid?.() ?? 0;
    const at = (containerId: number, hostId: number) => ({ uidMap: [{ containerId, hostId, size: 1 }] });
    const found = (newerMaps: object) =>
      compareTrees(newer, older, { xattrs, newer: newerMaps, older: at(50, uid) });
    expect(await found(at(50, uid))).toEqual([]);
    expect((await found(at(51, uid))).map(({ path }) => path)).toEqual(["/a"]);
    expect((await found(at(50, uid + 1))).map(({ path }) => path)).toEqual(["/a"]);
  });

  it.skipIf(loadSys() === undefined)("heeds the user's attributes", async () => {
    write("a", "b", "c");
    const sys = loadSys();
    sys?.setXattr(join(older, "a"), "user.key", Buffer.of(1));
    sys?.setXattr(join(newer, "a"), "user.key", Buffer.of(1));
    sys?.setXattr(join(older, "b"), "user.key", Buffer.of(1));
    sys?.setXattr(join(newer, "c"), "user.key", Buffer.of(1));
    expect(await changes()).toEqual(["changed /b", "changed /c"]);
  });

  it("stops where it is told to", async () => {
    await expect(compareTrees(newer, older, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
    });
  });
});

describe("treeSize", () => {
  it("counts files once, whatever their names, and nothing else", async () => {
    writeFileSync(join(newer, "a"), Buffer.alloc(1000));
    linkSync(join(newer, "a"), join(newer, "b"));
    symlinkSync("a".repeat(100), join(newer, "c"));
    cpSync(join(newer, "a"), join(newer, "d"));
    expect(await treeSize(newer)).toBe(2000);
  });

  it("counts what was added and changed", async () => {
    write("same", "changed");
    writeFileSync(join(newer, "changed"), Buffer.alloc(50));
    writeFileSync(join(newer, "new"), Buffer.alloc(1000));
    linkSync(join(newer, "new"), join(newer, "other-name"));
    const found = await compareTrees(newer, older, { xattrs });
    expect(await changesSize(newer, found)).toBe(1050);
  });
});
