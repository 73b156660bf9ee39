import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadSys } from "@drayage/sys";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unpackImage, unpackLayer } from "../src/index.ts";
import { dir, type Entry, file, layer, link, symlink, whiteout } from "./support/layers.ts";
import { type Playground, playground, tree } from "./support/tree.ts";

let place: Playground;

beforeEach(() => {
  place = playground();
});

afterEach(() => {
  place.remove();
});

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** What the layers give in one folder. */
async function together(...layers: readonly (readonly Entry[])[]): Promise<object> {
  await unpackImage(
    layers.map((entries) => layer(...entries)),
    { root: place.root },
  );
  return tree(place.root);
}

const below = [
  dir("dir"),
  file("dir/a"),
  dir("dir/sub"),
  file("dir/sub/b"),
  file("file"),
  symlink("link", "dir"),
];

describe("whiteouts, applied,", () => {
  it("remove files, links and whole folders of the layers below", async () => {
    const upper = [whiteout(".wh.file"), whiteout(".wh.link"), whiteout("dir/.wh.sub")];
    expect(await together(below, upper)).toEqual({ dir: "dir", "dir/a": "file dir/a" });
  });

  it("of names that are not there change nothing", async () => {
    const found = await together(below);
    expect(await together([whiteout(".wh.none"), whiteout("dir/.wh.none")])).toEqual(found);
  });

  it.each([
    ["before", [whiteout(".wh.dir"), dir("dir"), file("dir/b")]],
    ["after", [dir("dir"), file("dir/b"), whiteout(".wh.dir")]],
    ["in the midst of", [dir("dir"), whiteout(".wh.dir"), file("dir/b")]],
  ])("spare what the layer itself has, when they stand %s it", async (_, upper) => {
    expect(await together(below, upper)).toMatchObject({ dir: "dir", "dir/b": "file dir/b" });
    expect(Object.keys(tree(join(place.root, "dir")))).toEqual(["b"]);
  });

  it.each([
    ["before", [whiteout("dir/.wh..wh..opq"), file("dir/b"), dir("dir/sub"), file("dir/sub/c")]],
    ["after", [file("dir/b"), dir("dir/sub"), file("dir/sub/c"), whiteout("dir/.wh..wh..opq")]],
  ])("of all that a folder has spare what the layer itself has, when they stand %s it", async (_, upper) => {
    await together(below, upper);
    expect(tree(join(place.root, "dir"))).toEqual({ b: "file dir/b", sub: "dir", "sub/c": "file dir/sub/c" });
  });

  it("of all that the root has spare what the layer itself has", async () => {
    const upper = [dir("dir"), file("dir/new"), whiteout(".wh..wh..opq"), file("other")];
    expect(await together(below, upper)).toEqual({
      dir: "dir",
      "dir/new": "file dir/new",
      other: "file other",
    });
  });

  it("spare files in folders that the layer does not name", async () => {
    expect(await together(below, [file("dir/sub/c"), whiteout(".wh.dir")])).toEqual({
      ...{ dir: "dir", "dir/sub": "dir", "dir/sub/c": "file dir/sub/c" },
      ...{ file: "file file", link: "link dir" },
    });
  });

  it("give a hidden folder that the layer does not name the usual attributes", async () => {
    const lower = [dir("dir", { mode: 0o700 }), file("dir/a")];
    expect(await together(lower, [file("dir/b"), whiteout(".wh.dir")])).toMatchObject({ dir: "dir" });
    expect(await together([file("dir/c")])).toMatchObject({ dir: "dir" });
  });

  it("leave a folder its attributes where the layer puts something into it", async () => {
    const lower = [dir("dir", { mode: 0o700, mtime: { seconds: 1000, nanoseconds: 5 } })];
    expect(await together(lower, [file("dir/b")])).toMatchObject({ dir: "dir 700" });
  });

  it("of a file that the layer replaces spare the new one", async () => {
    expect(await together(below, [file("file", "new"), whiteout(".wh.file")])).toMatchObject({
      file: "file new",
    });
    expect(await together([whiteout(".wh.file"), file("file", "newer")])).toMatchObject({
      file: "file newer",
    });
  });

  it("below a hidden folder do not bring it back", async () => {
    const found = await together(below, [
      whiteout(".wh.dir"),
      whiteout("dir/.wh.a"),
      whiteout("dir/sub/.wh.b"),
    ]);
    expect(found).toEqual({ file: "file file", link: "link dir" });
  });

  it("of aufs itself mean nothing", async () => {
    const upper = [dir(".wh..wh.plnk"), file(".wh..wh.plnk/1.2"), file(".wh..wh.aufs"), file("x")];
    expect(await together(upper)).toEqual({ x: "file x" });
  });

  it("are found where links lead", async () => {
    expect(await together(below, [whiteout("link/.wh.a"), file("link/c")])).toMatchObject({
      ...{ link: "link dir", dir: "dir", "dir/c": "file link/c" },
    });
    expect(tree(place.root)).not.toHaveProperty(["dir/a"]);
  });

  it("are files when they are kept", async () => {
    await unpackLayer(layer(whiteout(".wh.a"), whiteout("d/.wh..wh..opq")), {
      root: place.root,
      whiteouts: "keep",
    });
    expect(tree(place.root)).toEqual({ ".wh.a": "file  0", d: "dir", "d/.wh..wh..opq": "file  0" });
  });
});

describe("layers in one folder", () => {
  it("replace what is below, but merge folders", async () => {
    const upper = [file("dir/sub", "now a file"), dir("file"), file("file/x"), dir("dir", { mode: 0o711 })];
    expect(await together(below, upper)).toEqual({
      ...{ dir: "dir 711", "dir/a": "file dir/a", "dir/sub": "file now a file" },
      ...{ file: "dir", "file/x": "file file/x", link: "link dir" },
    });
  });

  it("replace a file below by the folder of a file", async () => {
    expect(await together(below, [file("file/x")])).toMatchObject({ file: "dir", "file/x": "file file/x" });
  });

  it("replace a link by a folder that the layer names, and else follow it", async () => {
    expect(await together(below, [file("link/x")])).toMatchObject({
      link: "link dir",
      "dir/x": "file link/x",
    });
    expect(await together([dir("link"), file("link/y")])).toMatchObject({
      link: "dir",
      "link/y": "file link/y",
    });
  });

  it("share files by hard links", async () => {
    await together(below, [link("again", "dir/a"), link("more", "again")]);
    expect(tree(place.root)).toMatchObject({ again: "file dir/a", more: "file dir/a" });
  });

  it("do not change a file through its other name", async () => {
    const found = await together([file("a", "old"), link("b", "a")], [file("b", "new")]);
    expect(found).toEqual({ a: "file old", b: "file new" });
  });
});

describe.runIf(loadSys() !== undefined)("a layer for overlayfs", () => {
  const own = async (...entries: readonly Entry[]) => {
    const { open } = await unpackLayer(layer(...entries), { root: place.root, whiteouts: "overlay-user" });
    return { found: tree(place.root), open };
  };
  const opaque = (path: string): string | undefined => {
    const value = loadSys()?.getXattr(join(place.root, path), "user.overlay.opaque");
    return value && text(value);
  };
  const nothingOpen = { opaqueRoot: false, impliedFolders: [], links: [], whiteoutFolders: [] };

  it("has devices for whiteouts, and marks for folders that hide all", async () => {
    const { found, open } = await own(
      dir("dir"),
      whiteout("dir/.wh..wh..opq"),
      whiteout(".wh.file"),
      dir("plain"),
    );
    expect(found).toEqual({ dir: "dir", file: "whiteout", plain: "dir" });
    expect(opaque("dir")).toBe("y");
    expect(opaque("plain")).toBeUndefined();
    expect({ ...open, whiteoutFolders: open.whiteoutFolders.map(text) }).toEqual({
      ...nothingOpen,
      whiteoutFolders: [""],
    });
  });

  it.each([
    ["before", [whiteout(".wh.dir"), dir("dir"), file("dir/b")]],
    ["after", [dir("dir"), file("dir/b"), whiteout(".wh.dir")]],
  ])("has an opaque folder where it hides one, %s it fills it", async (_, entries) => {
    const { found, open } = await own(...entries);
    expect(found).toEqual({ dir: "dir", "dir/b": "file dir/b" });
    expect(opaque("dir")).toBe("y");
    expect({ ...open, whiteoutFolders: [] }).toEqual(nothingOpen);
  });

  it("has an opaque folder where it hides one that it does not name", async () => {
    const { found } = await own(whiteout(".wh.dir"), file("dir/b"));
    expect(found).toEqual({ dir: "dir", "dir/b": "file dir/b" });
    expect(opaque("dir")).toBe("y");
  });

  it("has what it puts rather than the whiteout of it", async () => {
    const { found } = await own(file("a", "new"), whiteout(".wh.a"), whiteout(".wh.b"), file("b", "new"));
    expect(found).toEqual({ a: "file new", b: "file new" });
  });

  it("has no whiteouts below a whiteout", async () => {
    expect((await own(whiteout(".wh.a"), whiteout("a/.wh.b"), whiteout(".wh.a"))).found).toEqual({
      a: "whiteout",
    });
  });

  it("leaves open what hides all of the root", async () => {
    const { found, open } = await own(whiteout(".wh..wh..opq"), file("a"));
    expect(found).toEqual({ a: "file a" });
    expect(open).toEqual({ ...nothingOpen, opaqueRoot: true });
  });

  it("leaves open which folders are only there for their content, the outermost first", async () => {
    const { open } = await own(file("a/b/c"), dir("d"), file("d/e/f"), whiteout("g/.wh.h"), dir("d/e"));
    expect(open.impliedFolders.map(text)).toEqual(["a", "a/b", "g"]);
  });

  it("leaves hard links to what it does not have open, in order", async () => {
    const attributes = { mode: 0o600, uid: 0, gid: 0, mtime: { seconds: 7, nanoseconds: 0 } };
    const { found, open } = await own(
      link("a", "below/x", attributes),
      dir("d"),
      link("d/b", "a"),
      link("gone", "below/y"),
      file("gone", "here"),
      dir("e"),
      link("e/f", "below/z"),
      file("e", "no folder"),
      link("twice", "below/1"),
      link("twice", "below/2"),
    );
    // Empty files keep their places.
    expect(found).toEqual({
      ...{ d: "dir", e: "file no folder", gone: "file here" },
      ...{ a: "file  600", "d/b": "file  600", twice: "file  600" },
    });
    expect(open.links.map(({ path, target, replaced }) => [text(path), text(target), replaced])).toEqual([
      ["a", "below/x", false],
      // Of what it is a link to, when that is a link itself.
      ["d/b", "below/x", false],
      ["gone", "below/y", true],
      ["e/f", "below/z", true],
      ["twice", "below/1", true],
      ["twice", "below/2", false],
    ]);
    expect(open.links[0]?.attributes).toEqual({
      ...{ mode: 0o600, uid: 0, gid: 0, xattrs: new Map() },
      ...{ mtime: { seconds: 7, nanoseconds: 0 }, atime: { seconds: 7, nanoseconds: 0 } },
    });
  });

  it("refuses hard links to what it hides", async () => {
    await expect(own(whiteout(".wh.a"), link("b", "a"))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ARCHIVE_INVALID",
      message: 'tar entry "b": it is a hard link to "a": the layer itself removes its target',
    });
    const hiding = [
      [whiteout(".wh.d")],
      [whiteout("d/.wh..wh..opq")],
      [whiteout(".wh..wh..opq")],
      [file("d", "no folder")],
    ];
    for (const entries of hiding) {
      place.remove();
      place = playground();
      await expect(own(...entries, link("b", "d/e/a"))).rejects.toMatchObject({
        message: 'tar entry "b": it is a hard link to "d/e/a": its target is not there',
      });
    }
  });

  it("has an opaque folder in the place of a file of its own", async () => {
    await own(file("d", "first"), dir("d"), link("e", "below"), dir("e"));
    expect([opaque("d"), opaque("e")]).toEqual(["y", "y"]);
  });

  it("has no attributes that would mean something to overlayfs", async () => {
    const value = Buffer.from("y");
    const xattrs = new Map([
      ["user.overlay.opaque", value],
      ["user.overlay.redirect", Buffer.from("/x")],
      ["user.mine", value],
    ]);
    await own(dir("dir", { xattrs }));
    const names = loadSys()?.listXattrs(join(place.root, "dir")).map(text);
    expect(names).toEqual(["user.mine"]);
  });
});

it("the report tells what the archive says of the root", async () => {
  const { rootEntry, entries, bytes } = await unpackLayer(
    layer(dir(".", { mode: 0o711, mtime: { seconds: 5, nanoseconds: 0 } }), file("a", "12345")),
    { root: place.root, rootEntry: "ignore" },
  );
  expect(rootEntry).toMatchObject({ mode: 0o711, mtime: { seconds: 5, nanoseconds: 0 } });
  expect({ entries, bytes }).toEqual({ entries: 2, bytes: 5 });
  expect(readFileSync(join(place.root, "a"), "utf8")).toBe("12345");
});
