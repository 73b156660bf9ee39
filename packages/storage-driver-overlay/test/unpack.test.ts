import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { UnpackedLayer } from "@drayage/storage";
import { describe, expect, it } from "vitest";
import { idOf } from "./support/ids.ts";
import { named, whyNoOverlay } from "./support/machine.ts";
import { openTestStore, type TestStore } from "./support/store.ts";
import { blobOf, type Entry, entryTime, link, symlink } from "./support/tar.ts";
import { listTree, mtimeOf, pathsIn } from "./support/tree.ts";

const ids = ["a", "b", "c", "d"].map(idOf);
const [a = "", b = ""] = ids;

/** Unpacks all layers side by side, then settles and commits them in their order. */
async function storeOf(
  ...layers: readonly (readonly Entry[])[]
): Promise<TestStore & { unpacked: readonly UnpackedLayer[] }> {
  const store = await openTestStore();
  const staged = await Promise.all(layers.map(() => store.files.stage()));
  const unpacked = await Promise.all(staged.map((stage, index) => stage.unpack(blobOf(layers[index] ?? []))));
  for (const [index, stage] of staged.entries()) await stage.settle(staged[index - 1]);
  for (const [index, stage] of staged.entries()) await stage.commit(ids[index] ?? "");
  return { ...store, unpacked };
}

/** The names that the upper of the layers shows, mounted. */
async function shown(...layers: readonly (readonly Entry[])[]): Promise<readonly string[]> {
  const { files } = await storeOf(...layers);
  return pathsIn(await files.mount(ids[layers.length - 1] ?? "", { readOnly: true }));
}

describe.skipIf(whyNoOverlay !== undefined)(named("unpacked layers"), () => {
  it("are files, with owners, modes and times", async () => {
    const { at, unpacked } = await storeOf([
      { name: "d/", mode: 0o1755, uid: 5, gid: 6 },
      { name: "d/f", mode: 0o4755, uid: 7, content: "text", xattrs: new Map([["user.x", Buffer.from("1")]]) },
    ]);
    expect(listTree(at(a, "diff"))).toEqual({ d: "folder 1755 5:6", "d/f": 'file 4755 7:0 user.x=1 "text"' });
    expect([mtimeOf(at(a, "diff/d")), mtimeOf(at(a, "diff/d/f"))]).toEqual([entryTime, entryTime]);
    expect(unpacked[0]).toMatchObject({ uids: [5, 7], gids: [0, 6], drained: { size: 4608 } });
  });

  it("take owner and mode of their root from the archive, where it tells, else from the layer below", async () => {
    const { at } = await storeOf(
      [{ name: "f" }],
      [{ name: "./", mode: 0o2711, uid: 3, gid: 4 }],
      [{ name: "f" }],
      [{ name: "./", mode: 0o700 }],
    );
    const roots = ids.map((id) => lstatSync(at(id, "diff")));
    expect(roots.map(({ mode, uid, gid }) => `${(mode & 0o7777).toString(8)} ${uid}:${gid}`)).toEqual([
      "555 0:0",
      "2711 3:4",
      "2711 3:4",
      "700 0:0",
    ]);
  });

  it("hide what is below, whatever the order of the archive", async () => {
    const lower = [{ name: "d/" }, { name: "d/a" }, { name: "d/b" }, { name: "f" }];
    const mine = [{ name: "d/" }, { name: "d/b" }];
    expect(await shown(lower, [{ name: ".wh.d" }, ...mine])).toEqual(["d", "d/b", "f"]);
    expect(await shown(lower, [...mine, { name: ".wh.d" }])).toEqual(["d", "d/b", "f"]);
    expect(await shown(lower, [...mine, { name: "d/.wh..wh..opq" }])).toEqual(["d", "d/b", "f"]);
    expect(await shown(lower, [{ name: "d/.wh.a" }])).toEqual(["d", "d/b", "f"]);
    expect(await shown(lower, [{ name: ".wh.f" }, { name: ".wh.d" }])).toEqual([]);
    expect(await shown(lower, [{ name: ".wh..wh..opq" }, ...mine])).toEqual(["d", "d/b"]);
    expect(await shown(lower, [{ name: "d/x" }, { name: ".wh..wh..opq" }])).toEqual(["d", "d/x"]);
  });

  it("may have hard links to files of the layers below", async () => {
    const { files, at } = await storeOf(
      [
        { name: "d/", mode: 0o700 },
        { name: "d/one", content: "text", mode: 0o755 },
      ],
      [{ name: "x/" }, { ...link("x/two", "d/one"), mode: 0o600 }],
    );
    expect(listTree(at(b, "diff"))).toEqual({
      d: "folder 700 0:0",
      "d/one": 'file 600 0:0 "text"',
      x: "folder 755 0:0",
      "x/two": 'file 600 0:0 "text"',
    });
    expect(lstatSync(at(b, "diff/d/one")).nlink).toBe(2);
    const merged = await files.mount(b, { readOnly: true });
    expect(lstatSync(join(merged, "d/one")).ino).toBe(lstatSync(join(merged, "x/two")).ino);
  });

  it("follow links of the layers below, and can be given back by the Go tools", async () => {
    const { files, at } = await storeOf(
      [
        { name: "usr/" },
        { name: "usr/lib/", mode: 0o711 },
        symlink("lib", "usr/lib"),
        symlink("abs", "/usr"),
      ],
      [
        { name: "lib/foo", content: "foo" },
        { name: "abs/bar", content: "bar" },
      ],
    );
    expect(listTree(at(b, "diff"))).toEqual({
      abs: "-> /usr 0:0",
      lib: "-> usr/lib 0:0",
      usr: "folder 755 0:0",
      "usr/bar": 'file 644 0:0 "bar"',
      "usr/lib": "folder 711 0:0",
      "usr/lib/foo": 'file 644 0:0 "foo"',
    });
    // What Go's own getter opens.
    expect(readFileSync(at(b, "diff/lib/foo"), "utf8")).toBe("foo");
    for (const [name, text] of [
      ["lib/foo", "foo"],
      ["abs/bar", "bar"],
      ["usr/lib/foo", "foo"],
    ] as const) {
      const file = await files.openFile(b, Buffer.from(name));
      const bytes = Buffer.alloc(10);
      expect([file?.size, file?.read(bytes, 0), bytes.toString("utf8", 0, 3)]).toEqual([3, 3, text]);
      expect(file?.read(bytes, 1)).toBe(2);
      expect(file?.read(bytes, 3)).toBe(0);
      file?.close();
      file?.close();
      expect(() => file?.read(bytes, 0)).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_USAGE" }));
    }
    expect(pathsIn(await files.mount(b))).toEqual(["abs", "lib", "usr", "usr/bar", "usr/lib", "usr/lib/foo"]);
  });

  it("stay in their folder, whatever the archive says", async () => {
    const { graphRoot, at, files } = await storeOf(
      [{ name: "../../../x", content: "climbed" }, symlink("out", "/../../.."), symlink("abs", "/etc")],
      [{ name: "out/y" }, { name: "abs/z" }],
    );
    expect(pathsIn(at(b, "diff"))).toEqual(["abs", "etc", "etc/z", "out", "y"]);
    expect(readdirSync(dirname(graphRoot)).sort()).toEqual(["root", "run"]);
    const file = await files.openFile(a, Buffer.from("../../../x"));
    file?.close();
    expect(file?.size).toBe(7);
    expect(existsSync("/etc/z")).toBe(false);
  });

  it("open no device, pipe or folder in place of a file", async () => {
    const { files } = await storeOf([
      { name: "pipe", type: "fifo" },
      { name: "null", type: "character", devmajor: 1, devminor: 3 },
      { name: "d/" },
      symlink("loop", "loop"),
    ]);
    for (const name of ["pipe", "null", "d", "loop", "missing", "d/missing", "null/x"]) {
      expect(await files.openFile(a, Buffer.from(name))).toBeUndefined();
    }
  });

  it("write a tar-split beside", async () => {
    const { files, graphRoot } = await openTestStore();
    await using staged = await files.stage();
    const tarSplitPath = join(graphRoot, "split.gz");
    await staged.unpack(blobOf([{ name: "f", content: "text" }]), { tarSplitPath });
    expect([...readFileSync(tarSplitPath).subarray(0, 2)]).toEqual([0x1f, 0x8b]);
  });

  it("leave nothing where the archive is damaged, or a hard link leads nowhere", async () => {
    const { files, at, temporary } = await openTestStore();
    {
      await using staged = await files.stage();
      await staged.unpack(blobOf([link("two", "one")]));
      await expect(staged.settle(undefined)).rejects.toMatchObject({ code: "ERR_DRAYAGE_ARCHIVE_INVALID" });
      await expect(staged.commit(a)).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
    }
    {
      await using staged = await files.stage();
      const damaged = { ...blobOf([{ name: "f" }]), digest: `sha256:${"0".repeat(64)}` as never };
      await expect(staged.unpack(damaged)).rejects.toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" });
    }
    expect([temporary(), readdirSync(at("l"))]).toEqual([[], []]);
  });

  it("have the sizes of their own files, each counted once", async () => {
    const { files, at } = await storeOf(
      [{ name: "f", content: "12345" }, link("g", "f"), { name: "d/" }, symlink("s", "f")],
      [{ name: "h", content: "1" }],
    );
    expect([await files.size(a), await files.size(b)]).toEqual([5, 1]);
    writeFileSync(join(await files.mount(b), "i"), "22");
    expect(await files.size(b)).toBe(3);
    expect(existsSync(at(b, "diff/i"))).toBe(true);
  });
});
