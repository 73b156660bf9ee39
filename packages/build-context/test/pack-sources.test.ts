import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { digestBytes, parseDigest } from "@drayage/digest";
import { encodeTarHeader, readTar, tarEnd, tarPadding } from "@drayage/tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  addToRootfs,
  emptyRoot,
  folderRoot,
  type PackSourcesOptions,
  packSources,
  type RootEntry,
  type RootView,
} from "../src/index.ts";

let base: string;
let context: string;
let rootfs: string;
const past = new Date("2020-03-04T05:06:07Z");

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "drayage-"));
  context = join(base, "context");
  rootfs = join(base, "rootfs");
  mkdirSync(context);
  mkdirSync(rootfs);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function put(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    const full = join(root, path);
    mkdirSync(join(full, ".."), { recursive: true });
    if (path.endsWith("/")) mkdirSync(full, { recursive: true });
    else if (content.startsWith("->")) symlinkSync(content.slice(2), full);
    else {
      writeFileSync(full, content);
      chmodSync(full, 0o644);
      utimesSync(full, past, past);
    }
  }
}

async function tarOf(
  sources: readonly string[],
  destination: string,
  options: PackSourcesOptions = {},
): Promise<Buffer> {
  await using packed = await packSources(sources, destination, { contextDir: context, ...options });
  return await bytesOf(packed.tar());
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Buffer[] = [];
  for await (const chunk of chunks) copies.push(Buffer.from(chunk));
  return Buffer.concat(copies);
}

/** `name mode uid:gid content or target` of each entry. */
async function entriesOf(
  sources: readonly string[],
  destination: string,
  options: PackSourcesOptions = {},
): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { header, body } of readTar([await tarOf(sources, destination, options)])) {
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(Buffer.from(chunk));
    const { name, type, mode, uid, gid, linkname } = header;
    const content = Buffer.concat(chunks).toString() || linkname;
    lines.push(`${name} ${type} ${mode.toString(8)} ${uid}:${gid} ${content}`.trim());
  }
  return lines;
}

function archive(
  entries: readonly (Parameters<typeof encodeTarHeader>[0] & { readonly content?: string })[],
): Buffer {
  const parts = entries.flatMap(({ content = "", ...header }) => [
    encodeTarHeader({ size: Buffer.byteLength(content), mode: 0o644, ...header }),
    Buffer.from(content),
    tarPadding(Buffer.byteLength(content)),
  ]);
  return Buffer.concat([...parts, tarEnd()]);
}

const folder: RootEntry = {
  type: "directory",
  mode: 0o750,
  uid: 5,
  gid: 6,
  mtime: { seconds: 100, nanoseconds: 0 },
};

/** A root of these paths. */
function rootOf(entries: Readonly<Record<string, Partial<RootEntry>>>): RootView {
  return {
    ...emptyRoot,
    lookup: (path) => (entries[path] === undefined ? undefined : { ...folder, ...entries[path] }),
  };
}

describe("the layer of sources", () => {
  it("has the folders that lead to them, as the root has them or new", async () => {
    put(context, { "a/b": "B", "a/c": "->b" });
    chmodSync(join(context, "a"), 0o711);
    const root = rootOf({ "/srv": {} });
    await expect(entriesOf(["a"], "/srv/app", { root })).resolves.toEqual([
      "srv/ directory 750 5:6",
      "srv/app/ directory 755 0:0",
      "srv/app/b file 644 0:0 B",
      "srv/app/c symlink 777 0:0 b",
    ]);
  });

  it("goes where links of the root lead", async () => {
    put(context, { f: "F" });
    const root = rootOf({ "/lib": { type: "symlink", linkname: "usr/lib" }, "/usr": {}, "/usr/lib": {} });
    await expect(entriesOf(["f"], "/lib/", { root })).resolves.toEqual([
      "usr/ directory 750 5:6",
      "usr/lib/ directory 750 5:6",
      "usr/lib/f file 644 0:0 F",
    ]);
  });

  it("has new folders of the owner, in the order of bytes, and the time that is asked for", async () => {
    put(context, { "t/b": "", "t/a-": "", "t/a/x": "", "t/Z": "", "t/ä": "" });
    chmodSync(join(context, "t/a"), 0o755);
    const options = { chown: "3:4", chmod: "700", timestamp: new Date(5000) };
    await expect(entriesOf(["t"], "/n/", options)).resolves.toEqual([
      "n/ directory 755 3:4",
      "n/Z file 700 3:4",
      "n/a/ directory 700 3:4",
      "n/a/x file 700 3:4",
      "n/a- file 700 3:4",
      "n/b file 700 3:4",
      "n/ä file 700 3:4",
    ]);
    for await (const { header } of readTar([await tarOf(["t"], "/n/", options)])) {
      expect(header.mtime).toEqual({ seconds: 5, nanoseconds: 0 });
    }
  });

  it("is the same each time, and so is its key", async () => {
    put(context, { "t/a": "1", "t/b/c": "2" });
    await using packed = await packSources(["t"], "/x", { contextDir: context });
    const read = async (): Promise<Buffer> => bytesOf(packed.tar());
    expect(await read()).toEqual(await read());
    const { key } = await packed.listing();
    const keyOf = async (destination: string, options: PackSourcesOptions = {}): Promise<string> => {
      await using again = await packSources(["t"], destination, { contextDir: context, ...options });
      return (await again.listing()).key.hash;
    };
    expect(await keyOf("/x")).toBe(key.hash);
    const others = [
      await keyOf("/y"),
      await keyOf("/x/"),
      await keyOf("/x", { chown: "1" }),
      await keyOf("/x", { chmod: "600" }),
      await keyOf("/x", { exclude: ["t/a"] }),
      await keyOf("/x", { timestamp: past }),
    ];
    appendFileSync(join(context, "t/a"), "more");
    others.push(await keyOf("/x"));
    expect(new Set([key.hash, ...others]).size).toBe(others.length + 1);
  });

  it("tells what was added once it was read", async () => {
    put(context, { "t/a": "12", "t/b/c": "345", "t/l": "->a" });
    await using packed = await packSources(["t"], "/x", { contextDir: context });
    expect(() => packed.facts()).toThrow(TypeError);
    for await (const _ of packed.tar());
    expect(packed.facts()).toMatchObject({ kind: "dir", files: 3, bytes: 5 });
    await expect(packed.listing()).resolves.toMatchObject({ entries: 4, bytes: 5 });
  });

  it("a source that comes later takes the place of what was there", async () => {
    put(context, {
      "one/a": "old",
      "one/d/x": "gone",
      "one/keep": "k",
      "two/a/b": "new",
      "two/d": "file now",
    });
    chmodSync(join(context, "two/a"), 0o755);
    await expect(entriesOf(["one", "two"], "/x/")).resolves.toEqual([
      "x/ directory 755 0:0",
      "x/a/ directory 755 0:0",
      "x/a/b file 644 0:0 new",
      "x/d file 644 0:0 file now",
      "x/keep file 644 0:0 k",
    ]);
  });

  it.each([
    ["a file takes the place of a folder", { "1/d/x": "1", "2/d": "2" }, ["d file 644 0:0 2"]],
    [
      "a folder takes the place of a file",
      { "1/d": "1", "2/d/x": "2" },
      ["d/ directory 755 0:0", "d/x file 644 0:0 2"],
    ],
    [
      "a folder comes after a file after a folder",
      { "1/d/x": "1", "2/d": "2", "3/d/y": "3" },
      ["d/ directory 755 0:0", "d/y file 644 0:0 3"],
    ],
    [
      "a file comes after a folder after a file",
      { "1/d": "1", "2/d/x": "2", "3/d": "3" },
      ["d file 644 0:0 3"],
    ],
    [
      "a file takes the place of a folder's folder",
      { "1/d/e/x": "1", "1/d.e": "1", "2/d/e": "2" },
      ["d/ directory 755 0:0", "d/e file 644 0:0 2", "d.e file 644 0:0 1"],
    ],
  ])("%s", async (_, files, entries) => {
    put(context, files);
    const sources = [...new Set(Object.keys(files).map((path) => path.slice(0, 1)))];
    await expect(entriesOf(sources, "/")).resolves.toEqual(entries);
  });

  it("a folder that is excluded itself takes a file's place, and a file what is in one", async () => {
    put(context, { "1/d": "file", "2/d/x": "x", ".dockerignore": "2/d\n!2/d/x\n" });
    await expect(entriesOf(["1", "2"], "/")).resolves.toEqual(["d/ directory 755 0:0", "d/x file 644 0:0 x"]);
    await expect(entriesOf(["2", "1"], "/")).resolves.toEqual(["d file 644 0:0 file"]);
  });

  it("a hard link whose first name is replaced is a file", async () => {
    put(context, { "one/a": "content", "two/a": "other" });
    linkSync(join(context, "one/a"), join(context, "one/b"));
    linkSync(join(context, "one/a"), join(context, "one/c"));
    await expect(entriesOf(["one", "two"], "/")).resolves.toEqual([
      "a file 644 0:0 other",
      "b file 644 0:0 content",
      "c link 644 0:0 b",
    ]);
  });

  it("keeps the folders of sources with --parents, from /./ on", async () => {
    put(context, { "p/q/r/f": "F", "p/q/s/g": "G", "p/h": "H" });
    for (const path of ["p", "p/q", "p/q/r", "p/q/s"]) chmodSync(join(context, path), 0o711);
    await expect(entriesOf(["p/q/*/f", "p/h"], "/x", { parents: true })).resolves.toEqual([
      "x/ directory 755 0:0",
      "x/p/ directory 711 0:0",
      "x/p/h file 644 0:0 H",
      "x/p/q/ directory 711 0:0",
      "x/p/q/r/ directory 711 0:0",
      "x/p/q/r/f file 644 0:0 F",
    ]);
    await expect(entriesOf(["p/./q/s"], "/x", { parents: true })).resolves.toEqual([
      "x/ directory 755 0:0",
      "x/q/ directory 711 0:0",
      "x/q/s/ directory 711 0:0",
      "x/q/s/g file 644 0:0 G",
    ]);
  });

  it("an exception in an excluded folder is included, with patterns, too", async () => {
    put(context, {
      "m/a/x.md": "1",
      "m/a/y.js": "2",
      "m/b/c/z.md": "3",
      ".dockerignore": "m\n!m/**/*.md\n!m/*.md\n",
    });
    await expect(entriesOf(["m"], "/x")).resolves.toEqual([
      "x/ directory 755 0:0",
      "x/a/ directory 755 0:0",
      "x/a/x.md file 644 0:0 1",
      "x/b/ directory 755 0:0",
      "x/b/c/ directory 755 0:0",
      "x/b/c/z.md file 644 0:0 3",
    ]);
  });

  it("a backslash makes a star stand for itself", async () => {
    put(context, { "st*r": "s", star: "no" });
    await expect(entriesOf(["st\\*r"], "/p/")).resolves.toEqual([
      "p/ directory 755 0:0",
      "p/st*r file 644 0:0 s",
    ]);
  });

  it("a file that takes the place of one with a further link, once it was listed, is its own", async () => {
    put(context, { a: "old" });
    linkSync(join(context, "a"), join(context, "b"));
    await using packed = await packSources(["."], "/", { contextDir: context });
    await packed.listing();
    put(context, { new: "new" });
    renameSync(join(context, "new"), join(context, "a"));
    const found = new Map<string, string>();
    for await (const { header, body } of readTar([await bytesOf(packed.tar())])) {
      found.set(header.name, `${header.type} ${await bytesOf(body)}`);
    }
    expect(Object.fromEntries(found)).toEqual({ a: "file new", b: "file old" });
  });

  it("a root has them once they are added to it", async () => {
    put(context, {
      "t/sub/f": "F",
      "t/l": "->sub",
      "t/out/x": "X",
      own: "O",
      "etc/passwd": "me:x:7:8::/:/bin/sh",
    });
    chmodSync(join(context, "t/sub"), 0o1770);
    let root = folderRoot(rootfs);
    const add = async (source: string, destination: string, more: PackSourcesOptions): Promise<void> => {
      const packed = await packSources([source], destination, { contextDir: context, root, ...more });
      root = packed.addedTo(root);
    };
    await add("t", "/a/b", { chown: "3:4", exclude: ["t/out"] });
    await add("own", "/a/b/sub/f", { chmod: "600" });
    await add("etc", "/etc/", {});
    put(rootfs, { "below/f": "B" });
    const shown: Record<string, string | undefined> = {};
    for (const path of ["/a", "/a/b", "/a/b/sub", "/a/b/sub/f", "/a/b/l", "/a/b/out", "/below/f", "/no"]) {
      const entry = await root.lookup(path);
      shown[path] =
        entry && `${entry.type} ${entry.mode.toString(8)} ${entry.uid} ${entry.linkname ?? ""}`.trim();
    }
    expect(shown).toEqual({
      "/a": "directory 755 3",
      "/a/b": "directory 755 3",
      "/a/b/sub": "directory 1770 3",
      "/a/b/sub/f": "file 600 0",
      "/a/b/l": "symlink 777 3 sub",
      "/a/b/out": undefined,
      "/below/f": `file 644 ${process.geteuid?.()}`,
      "/no": undefined,
    });
    await expect(entriesOf(["own"], "/o", { root, chown: "me" })).resolves.toEqual(["o file 644 7:8 O"]);
  });

  it("several matches of one pattern go to a folder", async () => {
    put(context, { "a.txt": "a", "b.txt": "b" });
    await expect(entriesOf(["*.txt"], "/new")).resolves.toEqual([
      "new/ directory 755 0:0",
      "new/a.txt file 644 0:0 a",
      "new/b.txt file 644 0:0 b",
    ]);
  });

  it("has names that remove something as they are, and so has a root file system", async () => {
    put(context, { "t/.wh.etc": "mark", f: "F" });
    writeFileSync(join(context, "x.tar"), archive([{ name: "a/.wh..wh..opq" }]));
    await expect(entriesOf(["t"], "/x")).resolves.toEqual([
      "x/ directory 755 0:0",
      "x/.wh.etc file 644 0:0 mark",
    ]);
    await expect(entriesOf(["f"], "/.wh.etc/")).resolves.toEqual([
      ".wh.etc/ directory 755 0:0",
      ".wh.etc/f file 644 0:0 F",
    ]);
    await expect(entriesOf(["x.tar"], "/", { expandArchives: true })).resolves.toEqual([
      "a/ directory 755 0:0",
      "a/.wh..wh..opq file 644 0:0",
    ]);
    put(rootfs, { "x/etc": "stays" });
    await addToRootfs(rootfs, ["t"], "/x", { contextDir: context });
    expect(readdirSync(join(rootfs, "x")).sort()).toEqual([".wh.etc", "etc"]);
  });
});

describe("archives", () => {
  const expandArchives = true;

  it("do not leave the destination, by names or links", async () => {
    const hostile = archive([
      { name: "../../up", content: "1" },
      { name: "/abs", content: "2" },
      { name: "a/../../../etc/passwd", content: "3" },
      { name: "hard", type: "link", linkname: "../../../etc/shadow" },
      { name: "soft", type: "symlink", linkname: "../../../../etc" },
    ]);
    writeFileSync(join(context, "x.tar"), hostile);
    await expect(entriesOf(["x.tar"], "/d", { expandArchives })).resolves.toEqual([
      "d/ directory 755 0:0",
      "d/up file 644 0:0 1",
      "d/abs file 644 0:0 2",
      "d/etc/ directory 755 0:0",
      "d/etc/passwd file 644 0:0 3",
      "d/hard link 644 0:0 d/etc/shadow",
      "d/soft symlink 644 0:0 ../../../../etc",
    ]);
  });

  it("an entry through a link of the archive stays within the destination", async () => {
    put(base, { "outside/x": "untouched" });
    const through = archive([
      { name: "l", type: "symlink", linkname: join(base, "outside") },
      { name: "l/x", content: "evil" },
    ]);
    writeFileSync(join(context, "x.tar"), through);
    await addToRootfs(rootfs, ["x.tar"], "/d", { contextDir: context, expandArchives });
    expect(readFileSync(join(base, "outside/x"), "utf8")).toBe("untouched");
    expect(readFileSync(join(rootfs, "d", base, "outside/x"), "utf8")).toBe("evil");
  });

  it("sparse files are whole", async () => {
    const file = join(context, "s/holes");
    mkdirSync(join(context, "s"));
    writeFileSync(file, "start");
    truncateSync(file, 300_000);
    appendFileSync(file, "end");
    for (const format of ["gnu", "posix"]) {
      execFileSync("tar", ["-C", context, "-Scf", join(context, "x.tar"), `--format=${format}`, "s/holes"]);
      expect(readFileSync(join(context, "x.tar")).length).toBeLessThan(100_000);
      await addToRootfs(rootfs, ["x.tar"], "/d", { contextDir: context, expandArchives });
      expect(readFileSync(join(rootfs, "d/s/holes")).equals(readFileSync(file))).toBe(true);
    }
  });

  it("one that asks the root for folders has another key upon another root, and none that is kept upon an unknown one", async () => {
    writeFileSync(join(context, "x.tar"), archive([{ name: "bin/tool", content: "1" }]));
    utimesSync(join(context, "x.tar"), past, past);
    await setTimeout(80);
    const rootOf = (identity: string | undefined): RootView => ({ ...emptyRoot, identity: () => identity });
    const keyUpon = async (root: RootView, source: string) => {
      await using packed = await packSources([source], "/", { contextDir: context, expandArchives, root });
      return (await packed.listing()).key;
    };
    const first = await keyUpon(rootOf("first"), "x.tar");
    expect(first).toEqual(await keyUpon(rootOf("first"), "x.tar"));
    expect(first.settled).toBe(true);
    expect((await keyUpon(rootOf("second"), "x.tar")).hash).not.toBe(first.hash);
    expect((await keyUpon(rootOf(undefined), "x.tar")).settled).toBe(false);
    put(context, { "t/f": "" });
    await setTimeout(80);
    const plain = await keyUpon(rootOf("first"), "t");
    expect(plain).toEqual(await keyUpon(rootOf(undefined), "t"));
    expect(plain.settled).toBe(true);
  });

  it("more entries than are accepted are refused", async () => {
    writeFileSync(join(context, "x.tar"), archive([{ name: "a" }, { name: "b" }, { name: "c" }]));
    const options = { expandArchives, limits: { entries: 2 } };
    await expect(tarOf(["x.tar"], "/", options)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
    });
  });

  it("one that is cut off leaves no half of a file", async () => {
    const whole = archive([
      { name: "a", content: "A" },
      { name: "b", content: "x".repeat(1_000_000) },
    ]);
    writeFileSync(join(context, "x.tar"), whole.subarray(0, 700_000));
    const adding = addToRootfs(rootfs, ["x.tar"], "/d", { contextDir: context, expandArchives });
    await expect(adding).rejects.toMatchObject({ code: "ERR_DRAYAGE_ARCHIVE_INVALID" });
    expect(readdirSync(join(rootfs, "d"))).toEqual(["a"]);
  });
});

describe("what is outside of the context", () => {
  beforeEach(() => put(base, { "secret/key": "secret", "context/f": "F" }));

  it.each([
    ["../secret/key"],
    ["../../../../../../../../etc/passwd"],
    ["/etc/passwd"],
    ["link/key"],
    ["relative/key"],
    ["key"],
    ["link/k*"],
    ["*/key"],
  ])("%j is not read", async (source) => {
    put(context, { link: `->${join(base, "secret")}`, relative: "->../secret", key: "->../secret/key" });
    await expect(tarOf([source], "/x/")).rejects.toMatchObject({ code: "ERR_DRAYAGE_FILE_NOT_FOUND" });
  });

  it("a link in a folder stays a link", async () => {
    put(context, { "t/out": `->${join(base, "secret")}` });
    await expect(entriesOf(["t"], "/")).resolves.toEqual([`out symlink 777 0:0 ${join(base, "secret")}`]);
  });

  it("absolute links and dots are those of the context", async () => {
    put(context, { "d/x": "X", l: "->/d", up: "->../../../d/x" });
    await expect(entriesOf(["l", "up"], "/")).resolves.toEqual(["up file 644 0:0 X", "x file 644 0:0 X"]);
  });

  it("an ignore file is not read there", async () => {
    put(context, { ".dockerignore": "->../secret/key" });
    await expect(entriesOf(["."], "/")).resolves.toEqual([
      ".dockerignore symlink 777 0:0 ../secret/key",
      "f file 644 0:0 F",
    ]);
  });

  it("a link that takes a folder's place after it was listed leads nowhere", async () => {
    put(context, { "t/a/key": "mine", "t/z": "Z" });
    await using packed = await packSources(["t"], "/", { contextDir: context });
    await packed.listing();
    renameSync(join(context, "t/a"), join(context, "moved"));
    symlinkSync(join(base, "secret"), join(context, "t/a"));
    const tar = await bytesOf(packed.tar());
    expect(tar.includes("secret")).toBe(false);
    expect(tar.includes("mine")).toBe(false);
    expect(tar.includes("z\0")).toBe(true);
  });

  it("a link that takes a file's place after it was listed is not followed", async () => {
    put(context, { "t/key": "mine", "t/z": "Z" });
    await using packed = await packSources(["t"], "/", { contextDir: context });
    await packed.listing();
    rmSync(join(context, "t/key"));
    symlinkSync(join(base, "secret/key"), join(context, "t/key"));
    expect((await bytesOf(packed.tar())).includes("secret")).toBe(false);
  });
});

describe("what is outside of the root file system", () => {
  it.each(["->/", "->../../../../..", "->OUT"])("is not written to by the link %j", async (link) => {
    put(base, { "outside/keep": "k" });
    put(context, { f: "F" });
    put(rootfs, { l: link.replace("OUT", join(base, "outside")) });
    await addToRootfs(rootfs, ["f"], "/l/sub/", { contextDir: context });
    expect(readdirSync(join(base, "outside"))).toEqual(["keep"]);
    expect(readdirSync(base).sort()).toEqual(["context", "outside", "rootfs"]);
    const inside = link === "->OUT" ? join(rootfs, base, "outside/sub/f") : join(rootfs, "sub/f");
    expect(readFileSync(inside, "utf8")).toBe("F");
  });

  it("names of owners are not read there", async () => {
    put(context, { f: "F" });
    put(base, { "outside/passwd": "someone:x:7:7::/:/\n" });
    put(rootfs, { "etc/passwd": "->../../outside/passwd" });
    await expect(
      addToRootfs(rootfs, ["f"], "/", { contextDir: context, chown: "someone" }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_OWNER_NOT_FOUND" });
    expect(folderRoot(rootfs).readFile("/etc/passwd", 100)).toBeUndefined();
  });
});

describe("bad input", () => {
  beforeEach(() => put(context, { f: "F", g: "G", "t/x": "X" }));

  it.each<[string, readonly string[], string, PackSourcesOptions, object]>([
    ["no source", [], "/x", {}, { code: "ERR_DRAYAGE_USAGE" }],
    ["an empty source", [""], "/x", {}, { code: "ERR_DRAYAGE_USAGE" }],
    [
      "a pattern that matches nothing",
      ["*.none", "?.none"],
      "/x",
      {},
      {
        code: "ERR_DRAYAGE_FILE_NOT_FOUND",
        message: expect.stringContaining('matches "*.none" "?.none"'),
        hint: expect.stringContaining("quote patterns"),
      },
    ],
    ["a malformed pattern", ["[a"], "/x", {}, { code: "ERR_DRAYAGE_USAGE", message: '"[a" is no pattern' }],
    [
      "a source that is not there",
      ["none"],
      "/x",
      {},
      { code: "ERR_DRAYAGE_FILE_NOT_FOUND", hint: expect.stringContaining("nothing outside of it is read") },
    ],
    [
      "all excluded",
      ["f"],
      "/x",
      { exclude: ["*"] },
      { code: "ERR_DRAYAGE_FILE_NOT_FOUND", hint: expect.stringContaining("!") },
    ],
    ["a malformed exclude", ["f"], "/x", { exclude: ["[a"] }, { code: "ERR_DRAYAGE_USAGE" }],
    [
      "an ignore file that is not there",
      ["f"],
      "/x",
      { ignoreFile: "/none/at/all" },
      { code: "ERR_DRAYAGE_IO" },
    ],
    ["a mode that is none", ["f"], "/x", { chmod: "888" }, { code: "ERR_DRAYAGE_USAGE" }],
    [
      "a mode that is too large",
      ["f"],
      "/x",
      { chmod: "10000" },
      { code: "ERR_DRAYAGE_USAGE", hint: expect.stringContaining("0755") },
    ],
    [
      "an unknown owner",
      ["f"],
      "/x",
      { chown: "nobody" },
      { message: 'no file of the image says which numbers the owner "nobody" has' },
    ],
    [
      "a git repository",
      ["https://host/repo.git#main"],
      "/x",
      {},
      { code: "ERR_DRAYAGE_USAGE", hint: expect.stringContaining("git clone") },
    ],
    ["a git repository by ssh", ["git@host:repo"], "/x", {}, { code: "ERR_DRAYAGE_USAGE" }],
    [
      "a checksum of a file",
      ["f"],
      "/x",
      { checksum: parseDigest(`sha256:${"0".repeat(64)}`) },
      { code: "ERR_DRAYAGE_USAGE" },
    ],
    [
      "a file where a folder is needed",
      ["f", "g"],
      "/file",
      { root: rootOf({ "/file": { type: "file" } }) },
      { code: "ERR_DRAYAGE_USAGE", message: expect.stringContaining("it is a file") },
    ],
    [
      "a file on the way",
      ["f"],
      "/file/x",
      { root: rootOf({ "/file": { type: "file" } }) },
      { code: "ERR_DRAYAGE_USAGE", message: expect.stringContaining("is no folder") },
    ],
    [
      "a device at the destination",
      ["f"],
      "/dev",
      { root: rootOf({ "/dev": { type: "other" } }) },
      { code: "ERR_DRAYAGE_USAGE" },
    ],
    [
      "links in a circle",
      ["f"],
      "/a/b",
      { root: rootOf({ "/a": { type: "symlink", linkname: "a" } }) },
      { code: "ERR_DRAYAGE_USAGE", message: expect.stringContaining("links") },
    ],
    [
      "more files than are accepted",
      ["t", "."],
      "/x",
      { limits: { entries: 2 } },
      { code: "ERR_DRAYAGE_LIMIT_EXCEEDED" },
    ],
    [
      "more files one by one than are accepted",
      ["f", "f", "f"],
      "/x/",
      { limits: { entries: 2 } },
      { code: "ERR_DRAYAGE_LIMIT_EXCEEDED" },
    ],
    ["an aborted signal", ["f"], "/x", { signal: AbortSignal.abort() }, { code: "ERR_DRAYAGE_ABORTED" }],
    ["no context", ["f"], "/x", { contextDir: "/none/at/all" }, { code: "ERR_DRAYAGE_IO" }],
  ])("%s", async (_name, sources, destination, options, error) => {
    await expect(tarOf(sources, destination, options)).rejects.toMatchObject(error);
  });

  it("a large ignore file is refused", async () => {
    put(context, { ".dockerignore": "a\n".repeat(100) });
    const limits = { ignoreFileBytes: 100 };
    await expect(tarOf(["f"], "/x", { limits })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
    });
  });

  it("links in a circle in the context", async () => {
    put(context, { c: "->d", d: "->c" });
    await expect(tarOf(["c"], "/x")).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
  });

  it("a file that shrinks while it is packed", async () => {
    put(context, { big: "x".repeat(1_000_000) });
    await using packed = await packSources(["big"], "/x", { contextDir: context });
    const reading = async (): Promise<void> => {
      for await (const _ of packed.tar()) truncateSync(join(context, "big"), 10);
    };
    await expect(reading()).rejects.toMatchObject({ code: "ERR_DRAYAGE_SIZE_MISMATCH" });
  });
});

describe("URLs", () => {
  let server: Server;
  let url: string;
  const requests: string[] = [];

  beforeEach(async () => {
    requests.length = 0;
    server = createServer((request, response) => {
      requests.push(request.url ?? "");
      if (request.headers.authorization !== undefined) requests.push(request.headers.authorization);
      if (request.url === "/endless") response.writeHead(200).write("x".repeat(10_000));
      else if (request.url === "/private") response.writeHead(401).end();
      else response.writeHead(200, { "last-modified": "Wed, 21 Oct 2015 07:28:00 GMT" }).end("hello");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const hello = digestBytes(Buffer.from("hello"));

  it("a file of mode 600 with the server's time", async () => {
    const tar = await tarOf([`${url}/dir/name.txt`], "/d/", { checksum: hello });
    const headers = [];
    for await (const { header } of readTar([tar])) headers.push(header);
    expect(headers.map(({ name }) => name)).toEqual(["d/", "d/name.txt"]);
    expect(headers[1]).toMatchObject({ mode: 0o600, uid: 0, gid: 0, mtime: { seconds: 1445412480 } });
    expect(requests).toEqual(["/dir/name.txt"]);
  });

  it("another checksum leaves the root file system as it is", async () => {
    const checksum = digestBytes(Buffer.from("other"));
    await expect(addToRootfs(rootfs, [`${url}/name`], "/d/e", { checksum })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DIGEST_MISMATCH",
    });
    expect(readdirSync(rootfs)).toEqual([]);
  });

  it("more bytes than are accepted are refused", async () => {
    const limits = { downloadBytes: 1000 };
    await expect(tarOf([`${url}/endless`], "/d/", { limits })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
    });
  });

  it("one without a name needs one", async () => {
    await expect(tarOf([`${url}/`], "/d/")).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
      hint: expect.stringContaining("give the file a name"),
    });
    await expect(entriesOf([`${url}/`], "/d")).resolves.toEqual(["d file 600 0:0 hello"]);
  });

  it("a refusal is told with its status, without what is secret in the URL", async () => {
    const secret = url.replace("http://", "http://me:pass%20word@");
    const failing = tarOf([`${secret}/private`], "/d/");
    await expect(failing).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONNECTION",
      message: expect.stringContaining("401"),
    });
    await expect(failing).rejects.not.toMatchObject({ message: expect.stringContaining("word") });
  });

  it("who asks is told to the server", async () => {
    await tarOf([`${url.replace("http://", "http://me:pass%20word@")}/name`], "/d/");
    expect(requests).toEqual(["/name", `Basic ${Buffer.from("me:pass word").toString("base64")}`]);
  });

  it("a percent sign that stands for itself is part of who asks", async () => {
    await tarOf([`${url.replace("http://", "http://me:100%@")}/name`], "/d/");
    expect(requests).toEqual(["/name", `Basic ${Buffer.from("me:100%").toString("base64")}`]);
  });

  it("nothing is left in the temporary folder", async () => {
    const temporary = join(base, "temporary");
    mkdirSync(temporary);
    const before = process.env.TMPDIR;
    process.env.TMPDIR = temporary;
    try {
      await tarOf([`${url}/name`, "/"], "/d/");
      await tarOf([`${url}/name`], "/d/", { checksum: digestBytes(Buffer.from("other")) }).catch(
        () => undefined,
      );
      await tarOf([`${url}/name`, "none"], "/d/").catch(() => undefined);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
    expect(readdirSync(temporary)).toEqual([]);
  });
});

it("without a context, sources are paths of this machine, and links lead where they lead", async () => {
  put(base, { "elsewhere/x": "X", l: "->elsewhere" });
  await addToRootfs(rootfs, [join(base, "l")], "/d");
  expect(readFileSync(join(rootfs, "d/x"), "utf8")).toBe("X");
  expect(existsSync(join(rootfs, "d/l"))).toBe(false);
});
