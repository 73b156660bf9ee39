import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { loadSys } from "@drayage/sys";
import { temporaryDirectory } from "@drayage-internal/peers";
import { beforeEach, describe, expect, it } from "vitest";
import {
  formatOverrideStat,
  packChanges,
  packTree,
  parseOverrideStat,
  type TreeChange,
} from "../src/index.ts";
import { collect, entriesOf, namesOf } from "./support/collect.ts";
import { listenAt, writeSampleTree } from "./support/sample-tree.ts";

let root: string;
beforeEach(() => {
  root = temporaryDirectory();
});

const at = (name: string): string => join(root, name);
// Whether there are extended attributes does not matter to most of these tests.
const xattrs = loadSys() !== undefined;

async function only(
  options: Parameters<typeof packTree>[1] = {},
): Promise<ReturnType<typeof entriesOf>[number]> {
  const entries = entriesOf(await collect(packTree(root, { xattrs, ...options })));
  expect(entries).toHaveLength(1);
  const [entry] = entries;
  if (entry === undefined) throw new Error("there is no entry");
  return entry;
}

describe("packTree", () => {
  it("makes two zero blocks of an empty folder", async () => {
    expect(Buffer.from(await collect(packTree(root, { xattrs })))).toEqual(Buffer.alloc(1024));
  });

  it("takes names in the order of their bytes, a folder before what is in it", async () => {
    writeSampleTree(root);
    const deep = Array.from(
      { length: 4 },
      (_, depth) => `deep/${"d".repeat(60)}${`/${"d".repeat(60)}`.repeat(depth)}/`,
    );
    expect(namesOf(await collect(packTree(root, { xattrs })))).toEqual([
      ".wh.literal",
      "a/",
      "a/b/",
      "a/b/file",
      "a/hard",
      "a/link",
      "a.b = a/hard",
      "bad\ufffd\ufffd",
      "big",
      "deep/",
      ...deep,
      `${deep[3]}f`,
      "empty/",
      "etc/",
      `etc/${"n".repeat(120)}`,
      "etc/umläut",
      "longlink",
      "sp ace/",
      "zero",
      "zhard = a/hard",
    ]);
  });

  it("keeps names that are no UTF-8", async () => {
    const name = Buffer.of(0x62, 0xff, 0xfe);
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), name]), "x");
    expect(Buffer.from((await only()).header.rawName)).toEqual(name);
  });

  it("gives the content of files of any size", async () => {
    for (const [name, size] of [
      ["none", 0],
      ["one", 1],
      ["block", 512],
      ["chunk", 262_144],
      ["more", 600_001],
    ] as const)
      writeFileSync(at(name), Buffer.alloc(size, name));
    for (const { header, body } of entriesOf(await collect(packTree(root, { xattrs }))))
      expect(Buffer.compare(body, Buffer.alloc(header.size, header.name))).toBe(0);
  });

  it("gives chunks of 256 KiB, of which the last is smaller", async () => {
    writeFileSync(at("file"), Buffer.alloc(600_000));
    const sizes: number[] = [];
    for await (const chunk of packTree(root, { xattrs })) sizes.push(chunk.length);
    expect(sizes).toEqual([262_144, 262_144, 512 + 600_064 + 1024 - 2 * 262_144]);
  });

  it("fills one buffer again and again where chunks are borrowed", async () => {
    writeFileSync(at("file"), Buffer.alloc(600_000));
    const buffers = new Set<ArrayBufferLike>();
    for await (const chunk of packTree(root, { xattrs, borrow: true })) buffers.add(chunk.buffer);
    expect(buffers.size).toBe(1);
    buffers.clear();
    for await (const chunk of packTree(root, { xattrs })) buffers.add(chunk.buffer);
    expect(buffers.size).toBe(3);
  });

  it("leaves the fraction of a second out, down to before 1970", async () => {
    writeFileSync(at("file"), "");
    execFileSync("touch", ["-d", "@1600000000.999999999", at("file")]);
    expect((await only()).header.mtime).toEqual({ seconds: 1_600_000_000, nanoseconds: 0 });
    execFileSync("touch", ["-d", "@-2.500000000", at("file")]);
    expect((await only()).header.mtime).toEqual({ seconds: -3, nanoseconds: 0 });
  });

  it("writes permissions alone, and what 1.43 adds only when asked", async () => {
    writeFileSync(at("file"), "");
    chmodSync(at("file"), 0o4751);
    const today = (await only()).header;
    expect([today.mode, today.uname, today.gname]).toEqual([0o4751, "", ""]);
    const then = (await only({ dialect: "1.43" })).header;
    expect(then.mode).toBe(0o104751);
    const user = execFileSync("id", ["-un"], { encoding: "utf8" }).trim();
    expect(then.uname).toBe(user);
  });

  it("leaves sockets out", async () => {
    await using _socket = await listenAt(at("socket"));
    writeFileSync(at("file"), "");
    expect((await only()).header.name).toBe("file");
  });

  it("makes the same bytes of the same tree with a fixed time and owner", async () => {
    writeFileSync(at("file"), "x");
    mkdirSync(at("folder"));
    const options = { xattrs, time: { seconds: 1_000_000_000, nanoseconds: 7 }, owner: { uid: 5, gid: 6 } };
    const first = await collect(packTree(root, options));
    utimesSync(at("file"), 1, 2);
    expect(Buffer.compare(await collect(packTree(root, options)), first)).toBe(0);
    for (const { header } of entriesOf(first)) {
      expect(header.mtime).toEqual({ seconds: 1_000_000_000, nanoseconds: 0 });
      expect([header.uid, header.gid, header.uname]).toEqual([5, 6, ""]);
    }
  });

  it("maps owners to those inside, and refuses one that no range holds", async () => {
    writeFileSync(at("file"), "");
    const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
    const uidMap = [{ containerId: 100, hostId: uid, size: 1 }];
    const gidMap = [{ containerId: 7, hostId: Math.max(gid - 3, 0), size: 10 }];
    const { header } = await only({ uidMap, gidMap });
    expect([header.uid, header.gid]).toEqual([100, 7 + Math.min(gid, 3)]);
    await expect(
      collect(packTree(root, { xattrs, uidMap: [{ containerId: 0, hostId: uid + 1, size: 5 }] })),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE", message: expect.stringContaining('"file"') });
  });

  it("follows no symbolic link", async () => {
    const outside = temporaryDirectory();
    writeFileSync(join(outside, "secret"), "secret");
    symlinkSync(outside, at("link"));
    const { header, body } = await only();
    expect([header.type, header.linkname, body.length]).toEqual(["symlink", outside, 0]);
  });

  it("stays in folders that are moved away while it is at work", async () => {
    const outside = temporaryDirectory();
    writeFileSync(join(outside, "f2"), "from outside");
    mkdirSync(at("folder"));
    writeFileSync(at("folder/f1"), Buffer.alloc(300_000));
    writeFileSync(at("folder/f2"), "from inside");
    const chunks: Uint8Array[] = [];
    for await (const chunk of packTree(root, { xattrs })) {
      if (chunks.length === 0) {
        renameSync(at("folder"), join(outside, "moved"));
        symlinkSync(outside, at("folder"));
      }
      chunks.push(chunk);
    }
    const entries = entriesOf(Buffer.concat(chunks));
    expect(Buffer.from(entries.at(-1)?.body ?? []).toString()).toBe("from inside");
  });

  it("says which file shrank", async () => {
    writeFileSync(at("file"), Buffer.alloc(600_000));
    const chunks = packTree(root, { xattrs })[Symbol.asyncIterator]();
    await chunks.next();
    truncateSync(at("file"), 300_000);
    await expect(
      (async () => {
        while ((await chunks.next()).done !== true);
      })(),
    ).rejects.toMatchObject({
      code: "ERR_DRAYAGE_SIZE_MISMATCH",
      message: expect.stringContaining('"file"'),
    });
  });

  it("stops where it is told to", async () => {
    writeFileSync(at("file"), Buffer.alloc(600_000));
    const controller = new AbortController();
    const done = (async () => {
      for await (const _ of packTree(root, { xattrs, signal: controller.signal })) controller.abort();
    })();
    await expect(done).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
  });

  it("says which folder is missing", async () => {
    await expect(collect(packTree(at("none"), { xattrs }))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IO",
      message: expect.stringContaining(at("none")),
    });
  });
});

describe.skipIf(loadSys() === undefined)("packTree with attributes", () => {
  const sys = (): NonNullable<ReturnType<typeof loadSys>> => {
    const loaded = loadSys();
    if (loaded === undefined) throw new Error("there are no calls");
    return loaded;
  };

  it("keeps the user's attributes, but not overlay's", async () => {
    writeFileSync(at("file"), "");
    sys().setXattr(at("file"), "user.key", Buffer.of(0, 255));
    sys().setXattr(at("file"), "user.overlay.origin", Buffer.of(1));
    expect([...(await only()).header.xattrs]).toEqual([["user.key", Uint8Array.of(0, 255)]]);
    expect((await only({ xattrs: false })).header.xattrs.size).toBe(0);
  });

  it("refuses an attribute that no tar can hold, by the file's path and the attribute's name", async () => {
    writeFileSync(at("file.txt"), "");
    sys().setXattr(at("file.txt"), "user.a=b", Buffer.of(1));
    const refusal =
      'cannot write the tar entry "file.txt": its extended attribute "user.a=b" has an "=" in its name, which no tar can hold';
    await expect(collect(packTree(root))).rejects.toThrow(refusal);
  });

  it("takes owners, modes and types from the attribute where it is told to", async () => {
    writeFileSync(at("device"), "");
    mkdirSync(at("folder"));
    writeFileSync(at("odd"), "");
    writeFileSync(at("plain"), "x");
    const key = "user.containers.override_stat";
    const set = (name: string, value: string): void => sys().setXattr(at(name), key, Buffer.from(value));
    set("device", "0:6:0660:block-8-17");
    set("folder", "1:2:2755:dir");
    set("odd", "nonsense");
    set("plain", "70000:3:4711");
    const tar = await collect(packTree(root, { overrideStat: true }));
    expect(
      entriesOf(tar).map(({ header }) => [
        header.name,
        header.type,
        header.mode,
        header.uid,
        header.gid,
        header.devmajor,
        header.devminor,
        [...header.xattrs.keys()],
      ]),
    ).toEqual([
      ["device", "block", 0o660, 0, 6, 8, 17, []],
      ["folder/", "directory", 0o2755, 1, 2, 0, 0, []],
      ["odd", "file", 0o644, process.getuid?.(), process.getgid?.(), 0, 0, [key]],
      ["plain", "file", 0o4711, 70_000, 3, 0, 0, []],
    ]);
    const kept = entriesOf(await collect(packTree(root)));
    expect(kept.map(({ header }) => header.xattrs.has(key))).toEqual([true, true, true, true]);
  });

  it("writes overlay's marks as whiteouts, with attributes of the user's", async () => {
    const lower = temporaryDirectory();
    mkdirSync(join(lower, "a/b"), { recursive: true });
    writeFileSync(join(lower, "file"), "");
    for (const folder of ["a", "a/b", "a/new", "file"]) {
      mkdirSync(at(folder));
      chmodSync(at(folder), 0o1750);
      sys().setXattr(at(folder), "user.overlay.opaque", Buffer.from("y"));
    }
    const overlay = { lowers: [temporaryDirectory(), lower], namespace: "user" as const };
    const tar = await collect(packTree(root, { overlay }));
    expect(namesOf(tar)).toEqual([
      "a/",
      "a/.wh..wh..opq",
      "a/b/",
      "a/b/.wh..wh..opq",
      "a/new/",
      "file/",
      "file/.wh..wh..opq",
    ]);
    const opaque = entriesOf(tar)[1]?.header;
    expect([opaque?.type, opaque?.mode, opaque?.size, opaque?.mtime.seconds]).toEqual(["file", 0o750, 0, 0]);
    expect(namesOf(await collect(packTree(root, { overlay: { lowers: [], namespace: "user" } })))).toEqual([
      "a/",
      "a/b/",
      "a/new/",
      "file/",
    ]);
    expect(namesOf(await collect(packTree(root, { overlay: { lowers: [lower] } })))).not.toContain(
      "a/.wh..wh..opq",
    );
  });
});

describe("packChanges", () => {
  const change = (kind: TreeChange["kind"], path: string): TreeChange => ({
    kind,
    path,
    rawPath: Buffer.from(path),
    size: 0,
  });

  it("writes whiteouts for what is removed, all sorted by path, byte by byte", async () => {
    mkdirSync(at("a"));
    writeFileSync(at("a/x"), "x");
    writeFileSync(at("a.b"), "b");
    linkSync(at("a.b"), at("a/link"));
    const changes = [
      change("added", "/a/x"),
      change("removed", "/a/gone"),
      change("changed", "/a"),
      change("removed", "/zz"),
      change("added", "/a/link"),
      change("added", "/a.b"),
      change("added", "/not/there"),
    ];
    const tar = await collect(packChanges(root, changes, { xattrs, time: { seconds: 99, nanoseconds: 0 } }));
    expect(namesOf(tar)).toEqual(["a/", "a.b", "a/.wh.gone", "a/link = a.b", "a/x", ".wh.zz"]);
    const whiteout = entriesOf(tar)[2]?.header;
    expect([whiteout?.mode, whiteout?.uid, whiteout?.size, whiteout?.mtime.seconds]).toEqual([0, 0, 0, 99]);
  });

  it("dates whiteouts of today where no time is given", async () => {
    const before = Math.floor(Date.now() / 1000);
    const tar = await collect(packChanges(root, [change("removed", "/x")], { xattrs }));
    const seconds = entriesOf(tar)[0]?.header.mtime.seconds ?? 0;
    expect(seconds).toBeGreaterThanOrEqual(before);
    expect(seconds).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000));
  });
});

describe("override_stat", () => {
  it.each([
    ["0:0:0644:file", { uid: 0, gid: 0, mode: 0o644, type: "file", major: 0, minor: 0 }],
    ["1:2:7777:dir", { uid: 1, gid: 2, mode: 0o7777, type: "directory", major: 0, minor: 0 }],
    ["1:2:0777:symlink", { uid: 1, gid: 2, mode: 0o777, type: "symlink", major: 0, minor: 0 }],
    ["1:2:0600:pipe", { uid: 1, gid: 2, mode: 0o600, type: "fifo", major: 0, minor: 0 }],
    ["1:2:0600:socket", { uid: 1, gid: 2, mode: 0o600, type: "socket", major: 0, minor: 0 }],
    [
      "4294967294:6:0660:block-8-17",
      { uid: 4294967294, gid: 6, mode: 0o660, type: "block", major: 8, minor: 17 },
    ],
    ["0:5:0666:char-1-3", { uid: 0, gid: 5, mode: 0o666, type: "character", major: 1, minor: 3 }],
  ] as const)("%s is read and written", (text, stat) => {
    expect(parseOverrideStat(Buffer.from(text))).toEqual(stat);
    expect(Buffer.from(formatOverrideStat(stat)).toString()).toBe(text);
  });

  it("takes more parts than are known, and a value without a type for a file's", () => {
    expect(parseOverrideStat(Buffer.from("1:2:644"))?.type).toBe("file");
    expect(parseOverrideStat(Buffer.from("1:2:600:char-1-3-future"))?.minor).toBe(3);
    expect(parseOverrideStat(Buffer.from("1:2:600:dir:future"))?.type).toBe("directory");
  });

  it.each([
    "",
    "1:2",
    "a:2:644",
    "1:2:888",
    "1:2:644:toString",
    "1:2:644:block",
    "-1:2:644",
    "1:2:644:file\n",
  ])("%j is none", (text) => expect(parseOverrideStat(Buffer.from(text))).toBe(undefined));
});
