import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLayerCache, diffImages, type FileEntry, openImageFiles } from "../src/index.ts";
import { type Entry, makeImage, textOf } from "./support/image.ts";
import { applyLayers, listModel } from "./support/model.ts";

const dir = (name: string, more: Partial<Entry> = {}): Entry => ({
  name: `${name}/`,
  type: "directory",
  mode: 0o755,
  ...more,
});
const file = (name: string, content: string, more: Partial<Entry> = {}): Entry => ({
  name,
  content,
  mode: 0o644,
  ...more,
});
const link = (name: string, linkname: string): Entry => ({ name, type: "symlink", linkname, mode: 0o777 });
const gone = (name: string): Entry => ({ name, mode: 0 });

const paths = (entries: readonly FileEntry[]): readonly string[] => entries.map(({ path }) => path);
async function walked(entries: AsyncIterable<FileEntry>): Promise<readonly FileEntry[]> {
  const taken: FileEntry[] = [];
  for await (const entry of entries) taken.push(entry);
  return taken;
}

describe("the files of an image", () => {
  const base = [
    dir("etc"),
    file("etc/hosts", "base"),
    file("etc/os", "old"),
    dir("usr"),
    file("usr/big", "x"),
  ];

  it("are read from the top layer alone where that decides", async () => {
    const { source, layers, opened } = await makeImage([base, [dir("etc"), file("etc/os", "new")]]);
    await using files = openImageFiles(source, layers);
    expect(await textOf(files.read("/etc/os"))).toBe("new");
    expect(opened).toEqual([layers[1]?.digest]);
    expect(await textOf(files.read("etc/hosts"))).toBe("base");
    expect(opened).toEqual([layers[1]?.digest, layers[0]?.digest]);
  });

  it("are not sought below a whiteout, nor below a folder that hides what was there", async () => {
    const top = [dir("etc"), gone("etc/.wh.os"), dir("usr"), gone("usr/.wh..wh..opq"), file("usr/new", "n")];
    const { source, layers, opened } = await makeImage([base, top]);
    await using files = openImageFiles(source, layers);
    expect(await files.stat("/etc/os")).toBeUndefined();
    expect(await files.stat("/usr/big")).toBeUndefined();
    expect(paths(await files.list("/usr"))).toEqual(["/usr/new"]);
    expect(opened).toEqual([layers[1]?.digest]);
    expect(paths(await files.list("/etc"))).toEqual(["/etc/hosts"]);
  });

  it("of a registry are fetched once, and what was kept of them is deleted", async () => {
    const { source, layers, opened } = await makeImage([base], true);
    const temporaryDir = await mkdtemp(join(tmpdir(), "drayage-"));
    try {
      {
        await using files = openImageFiles(source, layers, { temporaryDir });
        expect(await textOf(files.read("/etc/hosts"))).toBe("base");
        expect(await textOf(files.read("/etc/os"))).toBe("old");
        expect(opened).toHaveLength(1);
        // Where a file can be without a name, a kill leaves nothing.
        expect(readdirSync(temporaryDir)).toHaveLength(process.platform === "linux" ? 0 : 1);
      }
      expect(readdirSync(temporaryDir)).toEqual([]);
    } finally {
      await rm(temporaryDir, { recursive: true });
    }
  });

  it("are read one after the other, each layer once where its order is kept, and in any other order", async () => {
    const top = [
      file("a", "top a"),
      { name: "again", type: "link", linkname: "a" } as const,
      file("c", "top c"),
    ];
    const { source, layers, opened } = await makeImage([[file("a", "old"), file("b", "base b")], top]);
    const temporaryDir = await mkdtemp(join(tmpdir(), "drayage-"));
    try {
      await using files = openImageFiles(source, layers, { temporaryDir });
      const [, ...entries] = await walked(files.walk());
      expect(paths(entries)).toEqual(["/a", "/again", "/b", "/c"]);
      const [a, again, b, c] = entries.map((entry) => files.fileKey(entry));
      expect(again).toBe(a);
      expect(new Set([a, b, c]).size).toBe(3);
      const read = async (order: readonly FileEntry[]): Promise<readonly string[]> => {
        await using contents = files.contents(order);
        const texts: string[] = [];
        for (const entry of order) {
          texts.push(await textOf(contents.read(entry)));
          left = Math.max(left, readdirSync(temporaryDir).length);
        }
        return texts;
      };
      let left = 0;
      const inOrder = entries.filter(({ path }) => path !== "/again");
      expect(await read(inOrder)).toEqual(["top a", "base b", "top c"]);
      expect(left).toBe(0);
      // A second reading of the same bytes takes going back.
      expect(await read([...entries].reverse())).toEqual(["top c", "base b", "top a", "top a"]);
      expect(left).toBe(1);
      expect(readdirSync(temporaryDir)).toEqual([]);
      expect(opened.length).toBeGreaterThan(0);
      const root = await files.stat("/");
      expect(root && files.fileKey(root)).toBeUndefined();
    } finally {
      await rm(temporaryDir, { recursive: true });
    }
  });

  it("tell what they are: modes, owners, sizes, times, links, devices and attributes", async () => {
    const mtime = { seconds: 1_700_000_000, nanoseconds: 0 };
    const { source, layers } = await makeImage([
      [
        dir("bin", { mode: 0o1777, uid: 7, gid: 8, mtime }),
        file("bin/tool", "abc", { mode: 0o4755, xattrs: new Map([["user.note", Buffer.from("hi")]]) }),
        link("bin/sh", "tool"),
        { name: "bin/null", type: "character", devmajor: 1, devminor: 3, mode: 0o666 },
        { name: "bin/again", type: "link", linkname: "bin/tool", mode: 0o4755 },
      ],
    ]);
    await using files = openImageFiles(source, layers);
    expect(await files.stat("/bin")).toMatchObject({
      type: "directory",
      mode: 0o1777,
      uid: 7,
      gid: 8,
      mtime,
    });
    expect(await files.stat("/bin/tool")).toMatchObject({ type: "file", mode: 0o4755, size: 3 });
    expect((await files.stat("/bin/tool"))?.xattrs.get("user.note")).toEqual(new Uint8Array([104, 105]));
    expect(await files.stat("/bin/sh", { follow: false })).toMatchObject({
      type: "symlink",
      linkname: "tool",
    });
    expect(await files.stat("/bin/sh")).toMatchObject({ type: "file", path: "/bin/tool" });
    expect(await files.stat("/bin/null")).toMatchObject({ type: "character", devmajor: 1, devminor: 3 });
    expect(await files.stat("/bin/again")).toMatchObject({ path: "/bin/again", type: "file", size: 3 });
    expect(await textOf(files.read("/bin/again"))).toBe("abc");
  });

  it("are found through links that lead up, to the root, or out of it", async () => {
    const { source, layers } = await makeImage([
      [
        dir("a"),
        dir("a/b"),
        file("a/b/f", "1"),
        link("up", "a/b/.."),
        link("abs", "/a"),
        link("out", "../../../a/b"),
      ],
    ]);
    await using files = openImageFiles(source, layers);
    for (const path of ["/up/b/f", "/abs/b/f", "/out/f", "/../../a/b/f", "a/./b//f"]) {
      expect(await textOf(files.read(path)), path).toBe("1");
    }
  });

  it("stand where a lower layer's link leads, for a layer that names no folder on the way", async () => {
    const { source, layers } = await makeImage([
      [dir("usr"), dir("usr/lib"), link("lib", "usr/lib"), file("usr/lib/old", "o")],
      [file("lib/new", "n")],
    ]);
    await using files = openImageFiles(source, layers);
    expect(await textOf(files.read("/usr/lib/new"))).toBe("n");
    expect(await textOf(files.read("/lib/new"))).toBe("n");
    expect(paths(await files.list("/lib"))).toEqual(["/usr/lib/new", "/usr/lib/old"]);
    expect(await files.stat("/lib", { follow: false })).toMatchObject({ type: "symlink" });
  });

  it("are a hard link's as they were when its layer was made", async () => {
    const { source, layers } = await makeImage([
      [file("first", "1")],
      [{ name: "second", type: "link", linkname: "first" }],
      [file("first", "changed")],
    ]);
    await using files = openImageFiles(source, layers);
    expect(await textOf(files.read("/second"))).toBe("1");
    expect(await textOf(files.read("/first"))).toBe("changed");
  });

  it("keep names that are no UTF-8", async () => {
    const rawName = new Uint8Array([0x66, 0xff, 0x2e]);
    const { source, layers } = await makeImage([[file("", "bytes", { rawName })]]);
    await using files = openImageFiles(source, layers);
    const [entry] = await files.list("/");
    expect(entry?.rawPath).toEqual(new Uint8Array([0x2f, ...rawName]));
    expect(await textOf(files.read(entry?.rawPath ?? "/"))).toBe("bytes");
  });

  it("have zeros where a file has holes", async () => {
    const map = Buffer.alloc(512);
    map.write("2\n1\n2\n6\n1\n");
    const records = ["major=1", "minor=0", "name=holes", "realsize=10"].map((record) => {
      const length = ` GNU.sparse.${record}\n`.length;
      return `${length + 2} GNU.sparse.${record}\n`;
    });
    const { source, layers } = await makeImage([
      [
        { ...file("PaxHeaders.0/holes", records.join("")), typeflag: "x" },
        file("GNUSparseFile.0/holes", `${map.toString("latin1")}abc`),
      ],
    ]);
    await using files = openImageFiles(source, layers);
    expect(await files.stat("/holes")).toMatchObject({ size: 10 });
    expect(await textOf(files.read("/holes"))).toBe("\0ab\0\0\0c\0\0\0");
  });

  it("that are not there, or are no files, are refused with a sentence", async () => {
    const { source, layers } = await makeImage([base]);
    await using files = openImageFiles(source, layers);
    const refused = { code: "ERR_DRAYAGE_FILE_NOT_FOUND" };
    await expect(textOf(files.read("/etc/none"))).rejects.toMatchObject({
      ...refused,
      message: '"/etc/none" is not in the image',
    });
    await expect(textOf(files.read("/etc"))).rejects.toMatchObject({
      ...refused,
      message: '"/etc" is no regular file in the image',
    });
    const dangling = await makeImage([[link("sh", "busybox")]]);
    await using others = openImageFiles(dangling.source, dangling.layers);
    await expect(textOf(others.read("/sh"))).rejects.toMatchObject({
      ...refused,
      message: '"/sh" is a link to "busybox", which is not in the image',
    });
    await expect(files.list("/etc/hosts/below")).rejects.toMatchObject(refused);
  });
});

describe("hostile layers", () => {
  it.each([
    ["a loop of links", [link("a", "b"), link("b", "a")], "/a"],
    ["a link to itself on the way", [link("a", "a"), file("a/x", "")], "/a/x"],
    ["a file as a folder", [file("a", "1"), file("a/x", "2")], "/a/x"],
    ["a hard link to nothing", [{ name: "a", type: "link", linkname: "none" } as const], "/a"],
    ["a name of 5000 bytes", [file("n/".repeat(2500), "")], "/n"],
  ])("%s is refused", async (_, entries, path) => {
    const { source, layers } = await makeImage([entries]);
    await using files = openImageFiles(source, layers);
    await expect(files.stat(path)).rejects.toMatchObject({ code: "ERR_DRAYAGE_ARCHIVE_INVALID" });
  });

  it("more entries than are accepted are refused", async () => {
    const { source, layers } = await makeImage([[file("a", ""), file("b", ""), file("c", "")]]);
    await using files = openImageFiles(source, layers, { maximumEntries: 2 });
    await expect(files.list("/")).rejects.toMatchObject({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" });
  });

  it("names that leave the root stay below it", async () => {
    const { source, layers } = await makeImage([[file("../../x", "in")]]);
    await using files = openImageFiles(source, layers);
    expect(await textOf(files.read("/x"))).toBe("in");
  });
});

describe("any image", () => {
  const name = fc.constantFrom("a", "b", "c");
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
  const entry: fc.Arbitrary<Entry> = fc.oneof(
    path.map((at) => dir(at)),
    fc
      .tuple(path, fc.string({ maxLength: 3 }))
      .map(([at, text]) => file(at, Buffer.from(text).toString("hex"))),
    path.map((at) => gone(at.replace(/([^/]+)$/, ".wh.$1"))),
    path.map((at) => gone(`${at}/.wh..wh..opq`)),
  );

  it("shows the tree that applying its layers one after the other makes", async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(entry, { maxLength: 6 }), { maxLength: 4 }), async (made) => {
        const layers = made.map(withoutFilesAsFolders);
        const image = await makeImage(layers);
        await using files = openImageFiles(image.source, image.layers);
        const lines: string[] = [];
        for await (const { path: at, type } of files.walk()) {
          lines.push(`${at} ${type} ${type === "file" ? await textOf(files.read(at)) : ""}`);
        }
        expect(lines).toEqual(listModel(applyLayers(layers)));
        compared += lines.length;
      }),
      { numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(300);
  });

  it("shows it also where a base has links that later layers write through", async () => {
    const links = [dir("usr"), dir("usr/a"), link("a", "usr"), link("b", "c"), dir("c")];
    const below = fc
      .tuple(fc.constantFrom("a/", "b/", "c/", "usr/"), name)
      .map(([at, last]) => `${at}${last}1`);
    const later = fc.oneof(
      below.map((at) => file(at, "1")),
      below.map((at) => gone(at.replace(/([^/]+)$/, ".wh.$1"))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(later, { maxLength: 4 }), { maxLength: 3 }), async (made) => {
        const layers = [links, ...made];
        const image = await makeImage(layers);
        await using files = openImageFiles(image.source, image.layers);
        const lines: string[] = [];
        for await (const { path: at, type, linkname } of files.walk()) {
          lines.push(`${at} ${type} ${type === "file" ? await textOf(files.read(at)) : linkname}`);
        }
        expect(lines).toEqual(listModel(applyLayers(layers)));
      }),
      { numRuns: 300 },
    );
  });
});

/** Layers whose own files are no folders of others: those are refused, see above. A folder is named before what is in it. */
function withoutFilesAsFolders(entries: readonly Entry[]): readonly Entry[] {
  const files = new Set(entries.filter(({ content }) => content !== undefined).map((entry) => entry.name));
  return entries.filter(({ name: at = "" }) => {
    const names = at.replace(/\/$/, "").split("/");
    return names.every((_, index) => index === 0 || !files.has(names.slice(0, index).join("/")));
  });
}

describe("the difference of two images", () => {
  it("names what was added, changed and removed, and how; shared layers are read once", async () => {
    const base = [
      dir("etc"),
      file("etc/same", "s"),
      file("etc/gone", "g"),
      file("etc/text", "one"),
      file("mode", "m"),
    ];
    const before = await makeImage([base]);
    const after = await makeImage([
      base,
      [
        gone("etc/.wh.gone"),
        file("etc/text", "two"),
        file("mode", "m", { mode: 0o600 }),
        dir("new"),
        file("new/f", "12"),
      ],
    ]);
    await using cache = createLayerCache({ digests: true });
    const changes = [];
    for await (const { kind, path, differs } of diffImages(
      openImageFiles(before.source, before.layers, { cache }),
      openImageFiles(after.source, after.layers, { cache }),
    )) {
      changes.push([kind, path, ...differs]);
    }
    expect(changes).toEqual([
      ["removed", "/etc/gone"],
      ["changed", "/etc/text", "content"],
      ["changed", "/mode", "mode"],
      ["added", "/new"],
      ["added", "/new/f"],
    ]);
    expect(cache.read).toBe(2);
  });

  it("is nothing for equal images", async () => {
    const image = await makeImage([[dir("a"), file("a/f", "1")]]);
    await using cache = createLayerCache({ digests: true });
    const one = openImageFiles(image.source, image.layers, { cache });
    expect(await walked(one.walk())).toHaveLength(3);
    for await (const change of diffImages(one, one)) expect.unreachable(change.path);
  });
});
