import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadSys } from "@drayage/sys";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Unpacked, type UnpackOptions, unpackImage, unpackLayer } from "../src/index.ts";
import { dir, type Entry, file, layer, link, symlink, whiteout } from "./support/layers.ts";
import { type Playground, playground, tree } from "./support/tree.ts";

const isRoot = process.geteuid?.() === 0;
const sys = loadSys();

let place: Playground;

beforeEach(() => {
  place = playground();
});

afterEach(() => {
  place.remove();
});

async function unpack(entries: readonly Entry[], options: Partial<UnpackOptions> = {}): Promise<Unpacked> {
  return unpackLayer(layer(...entries), { root: place.root, ...options });
}

const at = (name: string): string => join(place.root, name);
/** `[atime, mtime]` in nanoseconds. */
function times(name: string): readonly bigint[] {
  const { atimeNs, mtimeNs } = lstatSync(at(name), { bigint: true });
  return [atimeNs, mtimeNs];
}
const owner = (name: string): string => `${lstatSync(at(name)).uid}:${lstatSync(at(name)).gid}`;
const billion = 1_000_000_000n;

describe("modes", () => {
  it("are those of the archive, whatever the process's mask and the folder's owner", async () => {
    const before = process.umask(0o077);
    try {
      await unpack([
        file("all", "", { mode: 0o777 }),
        file("none", "", { mode: 0 }),
        file("set-id", "", { mode: 0o6755 }),
        file("with type", "", { mode: 0o100640 }),
        dir("sticky", { mode: 0o1777 }),
        dir("group", { mode: 0o2775 }),
        file("group/in", "", { mode: 0o640 }),
        dir("group/folder", { mode: 0o755 }),
        file("implied/in"),
        dir("closed", { mode: 0o500 }),
        file("closed/in"),
      ]);
    } finally {
      process.umask(before);
    }
    expect(tree(place.root)).toEqual({
      ...{ all: "file  777", none: "file  0", "set-id": "file  6755", "with type": "file  640" },
      ...{ sticky: "dir 1777", group: "dir 2775", "group/in": "file  640", "group/folder": "dir" },
      ...{
        implied: "dir",
        "implied/in": "file implied/in",
        closed: "dir 500",
        "closed/in": "file closed/in",
      },
    });
  });

  it("of a folder that is named twice are those of the last entry", async () => {
    await unpack([dir("d", { mode: 0o700 }), file("d/f"), dir("d", { mode: 0o750 })]);
    expect(tree(place.root)).toMatchObject({ d: "dir 750", "d/f": "file d/f" });
  });
});

describe("times", () => {
  it("are those of the archive, folders' too", async () => {
    const mtime = { seconds: 1_500_000_000, nanoseconds: 0 };
    await unpack([
      dir("d", { mtime }),
      file("d/f", "x", { mtime }),
      symlink("d/l", "f", { mtime }),
      link("h", "d/f", { mtime }),
    ]);
    const time = 1_500_000_000n * billion;
    for (const name of ["d/f", "d/l", "h"]) expect(times(name)).toEqual([time, time]);
    expect(times("d")).toEqual([0n, time]);
  });

  it.runIf(sys !== undefined)("are exact to the nanosecond", async () => {
    const mtime = { seconds: 1_700_000_000, nanoseconds: 123_456_789 };
    const atime = { seconds: 1_700_000_001, nanoseconds: 987_654_321 };
    const pax = { mtime, atime, format: "pax" } as const;
    await unpack([
      dir("d", pax),
      file("f", "x", pax),
      symlink("l", "f", pax),
      file("g", "", { mtime, format: "pax" }),
    ]);
    const exact = [1_700_000_001_987_654_321n, 1_700_000_000_123_456_789n];
    for (const name of ["d", "f", "l"]) expect(times(name)).toEqual(exact);
    expect(times("g")).toEqual([exact[1], exact[1]]);
  });

  it("of access are never before those of change, but for folders", async () => {
    const early = {
      atime: { seconds: 5, nanoseconds: 0 },
      mtime: { seconds: 9, nanoseconds: 0 },
      format: "pax",
    } as const;
    await unpack([file("f", "", early), dir("d", early)]);
    expect([times("f"), times("d")]).toEqual([
      [9n * billion, 9n * billion],
      [5n * billion, 9n * billion],
    ]);
  });

  it("out of all bounds are 1970", async () => {
    const format = "pax" as const;
    await unpack([
      file("before", "", { mtime: { seconds: -5, nanoseconds: 0 }, format }),
      file("late", "", { mtime: { seconds: 2 ** 40, nanoseconds: 0 }, format }),
    ]);
    expect([times("before"), times("late")]).toEqual([
      [0n, 0n],
      [0n, 0n],
    ]);
  });

  it("of folders that the layer only puts something into, or takes out of, stay", async () => {
    const mtime = { seconds: 1_000_000, nanoseconds: 0 };
    const root = place.root;
    const lower = layer(dir("a", { mtime }), dir("b", { mtime }), file("b/x"), dir("c", { mtime }));
    await unpackImage([lower, layer(file("a/new"), whiteout("b/.wh.x"))], { root });
    for (const name of ["a", "b", "c"]) expect(times(name)[1]).toBe(1_000_000n * billion);
  });
});

/** CAP_NET_RAW, as the kernel keeps it. */
const capability = Buffer.from("0100000200200000000000000000000000000000", "hex");

describe("extended attributes", () => {
  const text = (name: string, key: string): string | undefined => {
    const value = sys?.getXattr(at(name), key);
    return value && Buffer.from(value).toString("latin1");
  };

  it.runIf(sys !== undefined)("are set, but for selinux's", async () => {
    const xattrs = new Map([
      ["user.a", Buffer.from("1\0\xff", "latin1")],
      ["security.selinux", Buffer.from("other machine's")],
    ]);
    await unpack([file("f", "x", { xattrs }), dir("d", { xattrs }), file("g", "", { xattrs })]);
    for (const name of ["f", "d", "g"]) {
      expect(text(name, "user.a")).toBe("1\0\xff");
      expect(text(name, "security.selinux")).not.toBe("other machine's");
    }
  });

  it.runIf(sys !== undefined && isRoot)("outlive the change of owner that comes with them", async () => {
    const xattrs = new Map([["security.capability", capability]]);
    await unpack([file("ping", "x", { xattrs, uid: 5, gid: 6, mode: 0o755 }), file("plain", "", { uid: 5 })]);
    expect(Buffer.from(sys?.getXattr(at("ping"), "security.capability") ?? []).equals(capability)).toBe(true);
  });

  it.runIf(sys !== undefined)("are left out with skip", async () => {
    await unpack([file("f", "", { xattrs: new Map([["user.a", Buffer.from("1")]]) })], { xattrs: "skip" });
    expect(text("f", "user.a")).toBeUndefined();
  });
});

describe.runIf(isRoot)("owners, for root,", () => {
  const owned = { uid: 12, gid: 34 };

  it("are those of the archive", async () => {
    const { uids, gids } = await unpack([
      file("f", "", { ...owned, mode: 0o4755 }),
      dir("d", owned),
      symlink("l", "f", owned),
      file("d/zero"),
      file("x/y", "", { uid: 7 }),
      link("h", "d/zero", { uid: 9, gid: 9, mode: 0o600 }),
      { ...whiteout(".wh.gone"), uid: 99 },
    ]);
    expect(["f", "d", "l", "d/zero", "x", "h"].map(owner)).toEqual([
      "12:34",
      "12:34",
      "12:34",
      "9:9",
      "0:0",
      "9:9",
    ]);
    expect(statSync(at("f")).mode & 0o7777).toBe(0o4755);
    expect(statSync(at("d/zero")).mode & 0o7777).toBe(0o600);
    expect({ uids, gids }).toEqual({ uids: [0, 7, 9, 12], gids: [0, 9, 34] });
  });

  it("are the archive's in folders that hand down their group", async () => {
    await unpack([
      dir("g", { gid: 50, mode: 0o2755 }),
      file("g/f"),
      dir("g/d"),
      symlink("g/l", "f"),
      file("g/i/j"),
    ]);
    expect(["g", "g/f", "g/d", "g/l", "g/i", "g/i/j"].map(owner)).toEqual(["0:50", ...Array(5).fill("0:0")]);
    expect(tree(place.root)).toMatchObject({ "g/d": "dir", "g/i": "dir" });
  });

  it("are mapped, those of implied folders too", async () => {
    const uidMap = [
      { containerId: 0, hostId: 100_000, size: 10 },
      { containerId: 10, hostId: 5, size: 1 },
    ];
    const gidMap = [{ containerId: 0, hostId: 200_000, size: 100 }];
    const { uids } = await unpack([file("d/f", "", { uid: 10, gid: 99 })], { uidMap, gidMap });
    expect(["d", "d/f"].map(owner)).toEqual(["100000:200000", "5:200099"]);
    expect(uids).toEqual([10]);
    await expect(unpack([file("g", "", { uid: 11 })], { uidMap, gidMap })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ARCHIVE_INVALID",
      message: 'tar entry "g": the user id 11 is in no mapping',
    });
  });

  it("are not touched with none", async () => {
    await unpack([file("f", "", owned), dir("d", owned)], { ownership: "none" });
    expect(["f", "d"].map(owner)).toEqual(["0:0", "0:0"]);
  });
});

describe.runIf(isRoot && sys !== undefined)("devices, for root,", () => {
  it("are made, with all their attributes", async () => {
    await unpack([
      { name: "c", type: "character", devmajor: 1, devminor: 3, mode: 0o666, gid: 5 },
      { name: "b", type: "block", devmajor: 259, devminor: 300, mode: 0o660 },
      { name: "p", type: "fifo", mode: 0o622, mtime: { seconds: 5, nanoseconds: 0 } },
    ]);
    expect(tree(place.root)).toEqual({
      c: "char 259",
      b: `block ${(300 & 0xff) | (259 << 8) | (256 << 12)}`,
      p: "fifo 622",
    });
    expect(statSync(at("c")).mode & 0o777).toBe(0o666);
    expect(owner("c")).toBe("0:5");
    expect(times("p")[1]).toBe(5n * billion);
  });

  it("of numbers that Linux does not have are refused", async () => {
    await expect(
      unpack([{ name: "c", type: "character", devmajor: 4096, devminor: 0 }]),
    ).rejects.toMatchObject({
      message: expect.stringContaining('cannot unpack "c"'),
    });
  });

  it("are left out and counted with skip", async () => {
    const { skippedDevices } = await unpack([{ name: "c", type: "character" }, file("f", "")], {
      devices: "skip",
    });
    expect({ skippedDevices, found: tree(place.root) }).toEqual({ skippedDevices: 1, found: { f: "file " } });
  });
});

describe.runIf(sys !== undefined)("with forceMask", () => {
  it("attributes are kept in one of the kind that the Go tools read", async () => {
    const options = { forceMask: 0o700, ownership: "none" } as const;
    await unpack(
      [
        file("f", "x", { mode: 0o4755, uid: 1, gid: 2 }),
        dir("d", { mode: 0o1777, uid: 3 }),
        { name: "c", type: "character", devmajor: 1, devminor: 3, mode: 0o666 },
        { name: "p", type: "fifo", mode: 0o600 },
        file("i/j", ""),
        symlink("l", "f"),
      ],
      options,
    );
    expect(tree(place.root)).toEqual({
      ...{ f: "file x 700", d: "dir 700", c: "file  700", p: "file  700" },
      ...{ i: "dir 700", "i/j": "file  700", l: "link f" },
    });
    const kept = (name: string) =>
      Buffer.from(sys?.getXattr(at(name), "user.containers.override_stat") ?? []).toString();
    expect(["f", "d", "c", "p", "i", "i/j"].map(kept)).toEqual([
      ...["1:2:4755:file", "3:0:1777:dir", "0:0:0666:char-1-3"],
      ...["0:0:0600:pipe", "0:0:0755:dir", "0:0:0644:file"],
    ]);
  });
});

describe.runIf(isRoot)("without privileges", () => {
  /** Another user than root, for as long as the call takes. */
  async function asNobody<T>(call: () => Promise<T>): Promise<T> {
    execFileSync("chmod", ["-R", "a+rwx", place.folder]);
    process.setegid?.(65534);
    process.seteuid?.(65534);
    try {
      return await call();
    } finally {
      process.seteuid?.(0);
      process.setegid?.(0);
    }
  }

  it("all is owned by whoever unpacks; devices, and attributes that are root's to set, are left out", async () => {
    const xattrs = new Map([["security.capability", capability]]);
    const { skippedDevices } = await asNobody(() =>
      unpack([
        file("f", "", { uid: 0, mode: 0o6755, xattrs }),
        dir("d", { uid: 5, mode: 0o2755 }),
        { name: "c", type: "character" },
        symlink("l", "f", { uid: 5 }),
      ]),
    );
    expect(["f", "d", "l"].map(owner)).toEqual(Array(3).fill("65534:65534"));
    expect(skippedDevices).toBe(1);
    expect(tree(place.root)).toEqual({ f: "file  6755", d: "dir 2755", l: "link f" });
  });

  it("folders are filled that nobody may write to, or read, in the end", async () => {
    const upper = layer(file("a/b/c/g"), whiteout("a/b/.wh.f"));
    const lower = layer(
      dir("a", { mode: 0 }),
      dir("a/b", { mode: 0o555 }),
      file("a/b/f"),
      dir("a/b/c", { mode: 0o100 }),
    );
    await asNobody(() => unpackImage([lower], { root: place.root }));
    expect(tree(place.root)).toEqual({
      a: "dir 0",
      "a/b": "dir 555",
      "a/b/c": "dir 100",
      "a/b/f": "file a/b/f",
    });
    await asNobody(() => unpackImage([lower, upper], { root: place.root }));
    expect(tree(place.root)).toEqual({
      a: "dir 0",
      "a/b": "dir 555",
      "a/b/c": "dir 100",
      "a/b/c/g": "file a/b/c/g",
    });
  });

  it("owners and devices that are asked for are refused by name", async () => {
    const refusal = (name: string) => ({
      code: "ERR_DRAYAGE_IO",
      message: `cannot unpack "${name}": the operation is not permitted (EPERM)`,
      hint: expect.stringContaining("unpack as root"),
    });
    await expect(asNobody(() => unpack([file("f")], { ownership: "chown" }))).rejects.toMatchObject(
      refusal("f"),
    );
    await expect(
      asNobody(() => unpack([{ name: "c", type: "block", devminor: 7 }], { devices: "make" })),
    ).rejects.toMatchObject(refusal("c"));
    await asNobody(() => unpack([file("g", "", { uid: 4 })], { ownership: "try" }));
    expect(owner("g")).toBe("65534:65534");
  });

  it.runIf(sys !== undefined)("whiteouts for overlayfs can be made", async () => {
    await asNobody(() => unpack([whiteout(".wh.a")], { whiteouts: "overlay-user" }));
    expect(tree(place.root)).toEqual({ a: "whiteout" });
  });
});

describe.runIf(isRoot)("on a full disk", () => {
  it("the error names the entry", async () => {
    mkdirSync(at("small"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", at("small")]);
    try {
      const big = file("small/big", "x".repeat(100_000));
      await expect(unpack([file("ok"), big])).rejects.toMatchObject({
        code: "ERR_DRAYAGE_IO",
        message: 'cannot unpack "small/big": no space left on the device (ENOSPC)',
      });
    } finally {
      execFileSync("umount", [at("small")]);
    }
  });
});

it("names need not be UTF-8", async () => {
  const name = (text: string): Uint8Array => Buffer.from(text, "latin1");
  await unpack([
    { rawName: name("d\xff/"), type: "directory" },
    { rawName: name("d\xff/f\xfe"), type: "file", body: "x" },
    { rawName: name("l\x80"), type: "symlink", rawLinkname: name("d\xff/f\xfe") },
    { rawName: name("h\x81"), type: "link", rawLinkname: name("d\xff/f\xfe") },
    { rawName: name("l2"), type: "symlink", rawLinkname: name("d\xff") },
    { rawName: name("l2/g"), type: "file" },
    file("größe", "y"),
  ]);
  expect(Object.keys(tree(place.root))).toEqual(
    ["d\xff", "d\xff/f\xfe", "d\xff/g", "h\x81", "l2", "l\x80", "gr\xc3\xb6\xc3\x9fe"].sort(),
  );
  expect(readFileSync(at("größe"), "utf8")).toBe("y");
});

it("a root that is not there is named", async () => {
  await expect(unpack([file("a")], { root: at("none") })).rejects.toMatchObject({
    code: "ERR_DRAYAGE_IO",
    message: `cannot unpack into "${at("none")}": no such file or directory (ENOENT)`,
  });
  writeFileSync(at("file"), "");
  await expect(unpack([file("a")], { root: at("file") })).rejects.toMatchObject({ code: "ERR_DRAYAGE_IO" });
});
