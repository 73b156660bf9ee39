import { lstatSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { requireSys } from "@drayage/sys";
import type { Attributes, OpenQuestions } from "@drayage/unpack";
import { describe, expect, it } from "vitest";
import { overlayMarks } from "../src/marks.ts";
import { settleLayer } from "../src/settle.ts";
import { named, whyNoOverlay } from "./support/machine.ts";
import { newFolder } from "./support/store.ts";
import { listTree, makeTree, mtimeOf, type Wish } from "./support/tree.ts";

type Tree = Readonly<Record<string, string | Wish>>;

const attributes: Attributes = {
  mode: 0o640,
  uid: 3,
  gid: 4,
  atime: { seconds: 100, nanoseconds: 5 },
  mtime: { seconds: 99, nanoseconds: 7 },
  xattrs: new Map([["user.of-link", Buffer.from("yes")]]),
};

function link(path: string, target: string, replaced = false): OpenQuestions["links"][number] {
  return { path: Buffer.from(path), target: Buffer.from(target), replaced, attributes };
}

interface Given {
  readonly lowers?: readonly Tree[];
  readonly layer: Tree;
  readonly opaqueRoot?: true;
  readonly implied?: readonly string[];
  readonly links?: OpenQuestions["links"];
  readonly whiteoutFolders?: readonly string[];
}

/** Settles a layer, and gives its folder. */
async function settle(given: Given): Promise<string> {
  const { lowers = [], layer, opaqueRoot = false, implied = [], links = [], whiteoutFolders = [] } = given;
  const folder = newFolder();
  const sys = requireSys("test");
  const below = lowers.map((tree, index) => {
    const path = join(folder, `lower-${index}`);
    mkdirSync(path);
    makeTree(path, tree);
    return path;
  });
  const diff = join(folder, "diff");
  mkdirSync(diff);
  makeTree(diff, layer);
  await settleLayer(
    {
      opaqueRoot,
      impliedFolders: implied.map((path) => Buffer.from(path)),
      links,
      whiteoutFolders: whiteoutFolders.map((path) => Buffer.from(path)),
    },
    { sys, marks: overlayMarks(sys, "trusted"), diff, lowers: below },
  );
  return diff;
}

const old = 1_000_000_000_123_456_789n;

describe.skipIf(whyNoOverlay !== undefined)(named("settling a layer"), () => {
  it("gives a folder that the archive left out what the one below has", async () => {
    const diff = await settle({
      lowers: [
        {
          "a/": {
            mode: 0o2750,
            owner: [7, 8],
            mtime: old,
            xattrs: { "user.x": "1", "trusted.overlay.origin": "o" },
          },
        },
        { "a/": { mode: 0o700 } },
      ],
      layer: { "a/new": "text" },
      implied: ["a"],
    });
    expect(listTree(diff)).toEqual({
      a: "folder 2750 7:8 user.x=1",
      "a/new": 'file 644 0:0 "text"',
    });
    expect(mtimeOf(join(diff, "a"))).toBe(old);
  });

  it("leaves a folder that is not below, or hidden below, as it is", async () => {
    const diff = await settle({
      lowers: [{ gone: { whiteout: true } }, { "gone/": { mode: 0o700 } }],
      layer: { "gone/file": "", "new/file": "" },
      implied: ["gone", "new"],
    });
    expect(listTree(diff)).toMatchObject({ gone: "folder 755 0:0", new: "folder 755 0:0" });
  });

  it("follows a link below, and has the link itself, too", async () => {
    const diff = await settle({
      lowers: [
        { "usr/lib/": { mode: 0o711, mtime: old }, lib: { link: "usr/lib", owner: [5, 6], mtime: old } },
      ],
      layer: { "lib/modules/m": "module", "lib/foo": "foo" },
      implied: ["lib", "lib/modules"],
    });
    expect(listTree(diff)).toEqual({
      lib: "-> usr/lib 5:6",
      usr: "folder 755 0:0",
      "usr/lib": "folder 711 0:0",
      "usr/lib/foo": 'file 644 0:0 "foo"',
      "usr/lib/modules": "folder 755 0:0",
      "usr/lib/modules/m": 'file 644 0:0 "module"',
    });
    expect(mtimeOf(join(diff, "usr/lib"))).toBe(old);
    expect(mtimeOf(join(diff, "lib"))).toBe(old);
  });

  it("follows links that lead on, are absolute, climb over the root, or lead to nothing yet", async () => {
    const diff = await settle({
      lowers: [
        { one: { link: "two/in" }, two: { link: "/three" }, "three/in": { link: "../../../four/five" } },
      ],
      layer: { "one/file": "" },
      implied: ["one"],
    });
    expect(listTree(diff)).toEqual({
      one: "-> two/in 0:0",
      four: "folder 755 0:0",
      "four/five": "folder 755 0:0",
      "four/five/file": 'file 644 0:0 ""',
    });
  });

  it("leaves a file alone that a link below leads into, where the layer has whiteouts alone", async () => {
    const lowers = [{ file: "below", link: { link: "/file/in" } }];
    const layer = { "link/gone": { whiteout: true } } as const;
    expect(listTree(await settle({ lowers, layer, implied: ["link"] }))).toEqual({});
    const other = await settle({ lowers, layer: { "link/new": "new" }, implied: ["link"] });
    expect(listTree(other)).toMatchObject({ "file/in/new": 'file 644 0:0 "new"', link: "-> /file/in 0:0" });
    const both = { lowers, layer: { "link/new": "new", file: "own" }, implied: ["link"] };
    await expect(settle(both)).rejects.toThrow('a link below to "file/in", and something else');
  });

  it("follows a link inside of what a link led to", async () => {
    const diff = await settle({
      lowers: [
        {
          "usr/lib/": {},
          lib: { link: "usr/lib" },
          "usr/lib/x": { link: "y" },
          "usr/lib/y/": { mode: 0o700 },
        },
      ],
      layer: { "lib/x/file": "" },
      implied: ["lib", "lib/x"],
    });
    expect(listTree(diff)).toEqual({
      lib: "-> usr/lib 0:0",
      usr: "folder 755 0:0",
      "usr/lib": "folder 755 0:0",
      "usr/lib/x": "-> y 0:0",
      "usr/lib/y": "folder 700 0:0",
      "usr/lib/y/file": 'file 644 0:0 ""',
    });
  });

  it("joins what it has under a link with what it has where the link leads", async () => {
    const diff = await settle({
      lowers: [{ "usr/lib/": {}, lib: { link: "usr/lib" } }],
      layer: {
        "lib/both/a": "a",
        "lib/same": "same",
        "lib/hidden": { whiteout: true },
        "lib/emptied": { whiteout: true },
        "lib/kept": "kept",
        "lib/removed": { whiteout: true },
        "usr/lib/": { mode: 0o750, mtime: old },
        "usr/lib/both/": { mode: 0o701, mtime: old },
        "usr/lib/both/b": "b",
        "usr/lib/same": "same",
        "usr/lib/hidden": "but here",
        "usr/lib/emptied/": {},
        "usr/lib/kept": { whiteout: true },
      },
      implied: ["lib", "lib/both"],
    });
    expect(listTree(diff)).toEqual({
      lib: "-> usr/lib 0:0",
      usr: "folder 755 0:0",
      "usr/lib": "folder 750 0:0",
      "usr/lib/both": "folder 701 0:0",
      "usr/lib/both/a": 'file 644 0:0 "a"',
      "usr/lib/both/b": 'file 644 0:0 "b"',
      "usr/lib/emptied": "folder 755 0:0 trusted.overlay.opaque=y",
      "usr/lib/hidden": 'file 644 0:0 "but here"',
      "usr/lib/kept": 'file 644 0:0 "kept"',
      "usr/lib/removed": "whiteout",
      "usr/lib/same": 'file 644 0:0 "same"',
    });
    expect(mtimeOf(join(diff, "usr/lib"))).toBe(old);
  });

  it("refuses two files that are one, and links in a circle", async () => {
    const lowers = [{ "usr/lib/": {}, lib: { link: "usr/lib" }, a: { link: "b" }, b: { link: "a" } }];
    await expect(
      settle({ lowers, layer: { "lib/f": "one", "usr/lib/f": "two" }, implied: ["lib"] }),
    ).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ARCHIVE_INVALID",
      message: expect.stringContaining('"lib/f"'),
    });
    await expect(settle({ lowers, layer: { "a/f": "" }, implied: ["a"] })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ARCHIVE_INVALID",
    });
  });

  it("keeps a folder where a file is below", async () => {
    const diff = await settle({ lowers: [{ a: "file" }], layer: { "a/b": "" }, implied: ["a"] });
    expect(listTree(diff)).toEqual({ a: "folder 755 0:0", "a/b": 'file 644 0:0 ""' });
  });

  it("copies a file up that it has hard links to, all as one file with what the link's header says", async () => {
    const diff = await settle({
      lowers: [
        {
          "d/": { mode: 0o700, mtime: old },
          "d/file": { text: "below", mode: 0o755, xattrs: { "user.of-file": "kept" } },
          s: { link: "nowhere", owner: [1, 2] },
        },
      ],
      layer: { "e/": { mtime: old }, "e/hard": { whiteout: true } },
      links: [link("e/hard", "d/file"), link("e/again", "d/file"), link("e/soft", "s")],
    });
    const described = 'file 640 3:4 user.of-file=kept user.of-link=yes "below"';
    expect(listTree(diff)).toEqual({
      d: "folder 700 0:0",
      "d/file": described,
      e: "folder 755 0:0",
      "e/again": described,
      "e/hard": described,
      "e/soft": "-> nowhere 1:2",
      s: "-> nowhere 1:2",
    });
    expect([mtimeOf(join(diff, "d")), mtimeOf(join(diff, "e"))]).toEqual([old, old]);
    expect(mtimeOf(join(diff, "d/file"))).toBe(99_000_000_007n);
  });

  it("finds a hard link's target by way of links", async () => {
    const diff = await settle({
      lowers: [{ "usr/bin/tool": "tool", bin: { link: "usr/bin" } }],
      layer: { "bin/other": "other" },
      implied: ["bin"],
      links: [link("bin/alias", "bin/tool"), link("top", "bin/other")],
    });
    expect(Object.keys(listTree(diff))).toEqual([
      "bin",
      "top",
      "usr",
      "usr/bin",
      "usr/bin/alias",
      "usr/bin/other",
      "usr/bin/tool",
    ]);
  });

  it("refuses hard links to nothing, to folders, and to what it removes where a link below leads", async () => {
    for (const target of ["missing", "folder", "way/removed"]) {
      await expect(
        settle({
          lowers: [{ "folder/removed": "", way: { link: "folder" } }],
          layer: { "folder/removed": { whiteout: true } },
          links: [link("new", target)],
        }),
      ).rejects.toMatchObject({
        code: "ERR_DRAYAGE_ARCHIVE_INVALID",
        message: expect.stringContaining(`"new" cannot be a hard link to "${target}"`),
      });
    }
  });

  it("links to what was below when the link came, whatever the layer has there now", async () => {
    const diff = await settle({
      lowers: [{ hidden: "hidden below", other: "other below", kept: "kept below" }],
      layer: {
        hidden: { whiteout: true },
        other: "the layer's",
        "a/link": "",
        b: "",
        c: "",
        gone: "instead",
      },
      links: [link("a/link", "hidden"), link("b", "other"), link("c", "other"), link("gone", "kept", true)],
    });
    const text = (content: string): string => `file 640 3:4 user.of-link=yes "${content}"`;
    expect(listTree(diff)).toEqual({
      a: "folder 755 0:0",
      "a/link": text("hidden below"),
      b: text("other below"),
      c: text("other below"),
      gone: 'file 644 0:0 "instead"',
      hidden: "whiteout",
      kept: text("kept below"),
      other: 'file 644 0:0 "the layer\'s"',
    });
    expect(lstatSync(join(diff, "b")).ino).toBe(lstatSync(join(diff, "c")).ino);
  });

  it("has no link to nothing, even where the layer replaced it", async () => {
    await expect(
      settle({ lowers: [{ a: "" }], layer: { new: "instead" }, links: [link("new", "missing", true)] }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_ARCHIVE_INVALID" });
  });

  it("removes whiteouts from folders in which nothing below shows, and no others", async () => {
    const whiteout = { whiteout: true } as const;
    const diff = await settle({
      lowers: [{ "both/file": "" }, { "hidden/file": "", "both/deep/x": "" }],
      layer: {
        top: whiteout,
        "both/file": whiteout,
        "both/deep/x": whiteout,
        "both/new/x": whiteout,
        "new/": { mtime: old },
        "new/x": whiteout,
        "new/kept": "kept",
        "hidden/": { opaque: true },
        "hidden/file": whiteout,
      },
      whiteoutFolders: ["", "both", "both/deep", "both/new", "new", "hidden"],
    });
    expect(listTree(diff)).toEqual({
      both: "folder 755 0:0",
      "both/deep": "folder 755 0:0",
      "both/deep/x": "whiteout",
      "both/file": "whiteout",
      "both/new": "folder 755 0:0",
      hidden: "folder 755 0:0 trusted.overlay.opaque=y",
      new: "folder 755 0:0",
      "new/kept": 'file 644 0:0 "kept"',
      top: "whiteout",
    });
    expect(mtimeOf(join(diff, "new"))).toBe(old);
  });

  it("removes all whiteouts of a layer on nothing", async () => {
    const diff = await settle({
      layer: { a: { whiteout: true }, "d/b": { whiteout: true }, f: "file" },
      whiteoutFolders: ["", "d"],
    });
    expect(listTree(diff)).toEqual({ d: "folder 755 0:0", f: 'file 644 0:0 "file"' });
  });

  it("hides each name that the root shows, where all of the root is hidden", async () => {
    const diff = await settle({
      lowers: [
        { top: "", "folder/in": "", gone: { whiteout: true } },
        { gone: "", deep: "", "folder/deep": "" },
      ],
      layer: { "folder/mine": "", own: "" },
      opaqueRoot: true,
      implied: ["folder"],
    });
    expect(listTree(diff)).toEqual({
      deep: "whiteout",
      folder: "folder 755 0:0 trusted.overlay.opaque=y",
      "folder/mine": 'file 644 0:0 ""',
      own: 'file 644 0:0 ""',
      top: "whiteout",
    });
  });

  it("works on names that are no UTF-8", async () => {
    const odd = Buffer.from([0x66, 0xff]);
    const diff = await settle({ lowers: [{ a: "x" }], layer: {}, links: [{ ...link("", "a"), path: odd }] });
    expect(readdirSync(diff, { encoding: "buffer" })).toEqual([Buffer.from("a"), odd]);
  });
});
