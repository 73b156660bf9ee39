import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describeWithPeers, run, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import {
  cleanEntryName,
  encodeTarHeader,
  type SparseFragment,
  scanTar,
  type TarEntryInput,
  type TarHeader,
  tarEnd,
  tarPadding,
} from "../src/index.ts";
import { concat, latin } from "./support/archive.ts";
import { type Decoded, decode } from "./support/decode.ts";
import { listTree, makeSparseFile, makeTree, type TreeEntry } from "./support/tree.ts";

/** Decodes in small pieces, and checks that no byte is lost and that a scan finds the same. */
function decodeChecked(archive: Uint8Array): Decoded {
  const decoded = decode(archive, [8191, 513, 1]);
  expect(latin(decoded.bytes) === latin(archive)).toBe(true);
  const read = (position: number, length: number): Uint8Array =>
    archive.subarray(position, position + length);
  const scanned = [...scanTar({ size: archive.length, read })];
  expect(scanned.map(({ headerOffset, rawBlocks }) => [headerOffset, latin(rawBlocks)])).toEqual(
    decoded.entries.map(({ headerOffset, rawBlocks }) => [headerOffset, latin(rawBlocks)]),
  );
  return decoded;
}

/** That the entries are those of a tree; hard links may stand for files. */
function expectTree(decoded: Decoded, tree: ReadonlyMap<string, TreeEntry>, nanoseconds: boolean): void {
  const names = decoded.entries
    .map(({ header }) => cleanEntryName(header.name))
    .filter((name) => name !== ".");
  expect(names.toSorted()).toEqual([...tree.keys()].toSorted());
  for (const { header, data } of decoded.entries) {
    const file = tree.get(cleanEntryName(header.name));
    if (file === undefined) continue;
    const { mode, uid, gid, seconds } = file;
    expect(header).toMatchObject({ mode, uid, gid });
    expect([header.mtime.seconds, header.mtime.nanoseconds]).toEqual([
      seconds,
      nanoseconds ? file.nanoseconds : 0,
    ]);
    if (header.type === "link") {
      expect(tree.get(cleanEntryName(header.linkname))?.inode).toBe(file.inode);
    } else {
      expect([header.type, header.size, header.linkname]).toEqual([file.type, file.size, file.target]);
      expect(latin(data) === latin(file.data)).toBe(true);
    }
  }
}

describeWithPeers("GNU tar", ["tar"], ({ tar }) => {
  it.each([
    ["v7", true, []],
    ["oldgnu", false, []],
    ["gnu", false, []],
    ["ustar", true, []],
    ["pax", false, []],
    ["gnu", false, ["--incremental", "--atime-preserve"]],
  ])(
    "the archives that it makes in the format %s are read (short names only: %s, %j)",
    async (format, short, more) => {
      const folder = temporaryDirectory();
      const root = path.join(folder, "tree");
      mkdirSync(root);
      makeTree(root, { short });
      const file = path.join(folder, "archive.tar");
      // The fifo and times before the archive's are no matter of the format: v7 has no fifos.
      const exclude = format === "v7" ? ["--exclude=./fifo"] : [];
      await run(tar, [
        `--format=${format}`,
        ...more,
        ...exclude,
        "--numeric-owner",
        "-cf",
        file,
        "-C",
        root,
        ".",
      ]);
      const decoded = decodeChecked(readFileSync(file));
      const tree = listTree(root);
      if (format === "v7") tree.delete("fifo");
      if (more.length > 0) {
        // An incremental archive has directories of typeflag D, whose data are the names in them.
        expect(decoded.entries.filter(({ header }) => header.typeflag === "D").length).toBeGreaterThan(2);
        expect(decoded.entries.every(({ header }) => header.atime !== undefined)).toBe(true);
        return;
      }
      expectTree(decoded, tree, format === "pax");
      const formats = new Set(decoded.entries.map(({ header }) => header.format));
      const expected = { v7: ["v7"], oldgnu: ["gnu"], gnu: ["gnu"], ustar: ["ustar"], pax: ["pax"] }[format];
      expect([...formats].filter((each) => each !== "unknown")).toEqual(expected);
    },
  );

  it("an archive of the files of installed packages is read", async () => {
    const candidates = [
      "/etc/alternatives",
      "/usr/share/common-licenses",
      "/usr/share/doc/tar",
      "/usr/share/doc/nodejs",
    ];
    const folders = candidates.filter((folder) => existsSync(folder) && statSync(folder).isDirectory());
    expect(folders.length).toBeGreaterThan(0);
    const { bytes } = await run(tar, [
      "--format=pax",
      "--xattrs",
      "--acls",
      "-cf",
      "-",
      "-C",
      "/",
      ...folders.map((folder) => folder.slice(1)),
    ]);
    const decoded = decodeChecked(bytes);
    for (const folder of folders) {
      const tree = listTree(folder);
      const entries = decoded.entries.filter(({ header }) =>
        `/${cleanEntryName(header.name)}`.startsWith(`${folder}/`),
      );
      expect(entries.length).toBe(tree.size);
      for (const { header, data } of entries) {
        const file = tree.get(path.relative(folder, `/${cleanEntryName(header.name)}`));
        if (header.type !== "link") expect(latin(data)).toBe(latin(file?.data ?? new Uint8Array([1])));
        expect(header).toMatchObject({
          mode: file?.mode,
          uid: file?.uid,
          mtime: { nanoseconds: file?.nanoseconds },
        });
      }
    }
  });

  it.each([
    ["gnu", "gnu", []],
    ["oldgnu", "gnu", []],
    ["pax", "0.0", ["--sparse-version=0.0"]],
    ["pax", "0.1", ["--sparse-version=0.1"]],
    ["pax", "1.0", ["--sparse-version=1.0"]],
  ])(
    "a sparse file in the format %s is known as one of version %s, and its map is right",
    async (format, version, more) => {
      const folder = temporaryDirectory();
      const file = path.join(folder, "sparse");
      makeSparseFile(file);
      const { bytes } = await run(tar, [
        `--format=${format}`,
        "--sparse",
        ...more,
        "-cf",
        "-",
        "-C",
        folder,
        "sparse",
      ]);
      const [entry] = decodeChecked(bytes).entries;
      expect(entry?.header).toMatchObject({
        name: "sparse",
        type: "sparse",
        sparse: { version, realSize: 3_000_000 },
      });
      if (entry === undefined) throw new Error("there is no entry");
      const { fragments, data } =
        version === "1.0"
          ? splitMap(entry.data)
          : { fragments: entry.header.sparse?.fragments ?? [], data: entry.data };
      // Not every file system keeps holes, but then GNU tar finds blocks of zeros.
      expect(fragments.length).toBeGreaterThan(20);
      expect(latin(expand(fragments, data)) === latin(readFileSync(file))).toBe(true);
    },
  );

  it.each<TarHeader["format"]>(["ustar", "pax", "gnu", "unknown"])(
    "it extracts what is written in the format %s",
    async (format) => {
      const folder = temporaryDirectory();
      const archive = path.join(folder, "archive.tar");
      const time =
        format === "pax"
          ? { seconds: 4_102_444_800, nanoseconds: 123_456_789 }
          : { seconds: 1_700_000_000, nanoseconds: 0 };
      const long =
        format === "ustar"
          ? `${"d".repeat(90)}/${"e".repeat(60)}/${"f".repeat(90)}`
          : `${"d".repeat(150)}/${"ü".repeat(70)}`;
      const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mtime: time, format };
      const data = new Uint8Array(1000).fill(0x78);
      const entries: readonly (TarEntryInput & { readonly name: string })[] = [
        { ...own, name: "dir/", mode: 0o751 },
        { ...own, name: "dir/file", mode: 0o640, size: data.length },
        { ...own, name: long, mode: 0o600, size: data.length },
        { ...own, name: "hard", type: "link", linkname: "dir/file", mode: 0o640 },
        {
          ...own,
          name: "symbolic",
          type: "symlink",
          linkname: format === "ustar" ? "x" : "t".repeat(150),
          mode: 0o777,
        },
        { ...own, name: "fifo", type: "fifo", mode: 0o644 },
      ];
      const bytes = concat(
        ...entries.flatMap((entry) => [
          encodeTarHeader(entry),
          ...(entry.size === undefined ? [] : [data, tarPadding(data.length)]),
        ]),
        tarEnd(),
      );
      writeFileSync(archive, bytes);
      const root = path.join(folder, "root");
      mkdirSync(root);
      await run(tar, ["-xpf", archive, "-C", root]);
      const tree = listTree(root);
      expect(tree.get("hard")?.inode).toBe(tree.get("dir/file")?.inode);
      for (const { name, type = name.endsWith("/") ? "directory" : "file", mode, linkname = "" } of entries) {
        const found = tree.get(cleanEntryName(name));
        const expected = {
          type: type === "link" ? "file" : type,
          mode,
          target: type === "link" ? "" : linkname,
        };
        expect(found).toMatchObject({ ...expected, ...time });
      }
      expect(latin(tree.get(long)?.data ?? new Uint8Array())).toBe(latin(data));
      // It reads its own idea of the archive back too: nothing differs.
      expect((await run(tar, ["--compare", "-f", archive, "-C", root])).stdout).toBe("");
    },
  );
});

/** The map at the start of the data of version 1.0: numbers in lines, padded to whole blocks. */
function splitMap(bytes: Uint8Array): { fragments: SparseFragment[]; data: Uint8Array } {
  const lines = latin(bytes).split("\n");
  const count = Number(lines[0]);
  const numbers = lines.slice(1, 1 + 2 * count).map(Number);
  const length = lines.slice(0, 1 + 2 * count).join("\n").length + 1;
  const fragments = Array.from({ length: count }, (_, index) => ({
    offset: numbers[2 * index] ?? -1,
    length: numbers[2 * index + 1] ?? -1,
  }));
  return { fragments, data: bytes.subarray(Math.ceil(length / 512) * 512) };
}

function expand(fragments: readonly SparseFragment[], data: Uint8Array): Uint8Array {
  const file = new Uint8Array(3_000_000);
  let used = 0;
  for (const { offset, length } of fragments) {
    file.set(data.subarray(used, used + length), offset);
    used += length;
  }
  return file;
}
