import { tarPadding } from "@drayage/tar";
import { concat } from "../bytes.ts";
import { archive, block, entry, file, folder, octal, pax, text, time } from "./archive.ts";
import { isFile, isFolder, nothing, refused, tree } from "./files.ts";
import type { EdgeLayer } from "./types.ts";

const large = new Uint8Array(1_100_001).map((_, index) => (index * 31) % 251);
const node = { mode: 0o640, uid: 1, gid: 2, mtime: time };

/** 6 bytes at 0, 6 at 5000, and zeros up to 10,000. */
const holes = new Uint8Array(10_000);
holes.set(text("start\n"), 0);
holes.set(text("later\n"), 5000);
const fragments = text("start\nlater\n");
const isSparse = tree({ sparse: isFile(holes), after: isFile("after") });
const map = "0,6,5000,6";
const size = ["GNU.sparse.size", String(holes.length)] as const;
const sparseGo = { overlay: "its archive cannot be given back", vfs: "its archive cannot be given back" };
const gnu = "ustar  \0";

function data(bytes: Uint8Array): Uint8Array {
  return concat([bytes, tarPadding(bytes.length)]);
}

/** The map of an old GNU header or of its extension: pairs of an offset and a length from `start` on. */
function gnuMap(start: number, ...numbers: readonly number[]): Record<number, string> {
  return Object.fromEntries(numbers.map((number, index) => [start + 12 * index, octal(number)]));
}

/** Five fragments, of which a header block has room for four. */
const manyFragments = [0, 1, 1000, 1, 2000, 1, 3000, 1];
const manyHoles = new Uint8Array(5000);
for (const [index, offset] of [0, 1000, 2000, 3000, 4000].entries()) manyHoles[offset] = 0x61 + index;
const extension = new Uint8Array(512);
extension.set(text(octal(4000) + octal(1)));

/** Types of entries, and sparse files, whose holes are zeros for all who read them. */
export const kindLayers: readonly EdgeLayer[] = [
  {
    name: "files of nothing, of a block, of a block and a byte, and of a megabyte",
    below: [],
    tar: archive(
      file("empty", ""),
      file("block", new Uint8Array(512).fill(1)),
      file("more", new Uint8Array(513).fill(2)),
      file("large", large),
    ),
    expected: tree({
      empty: isFile(""),
      block: isFile(new Uint8Array(512).fill(1)),
      more: isFile(new Uint8Array(513).fill(2)),
      large: isFile(large),
    }),
  },
  {
    name: "a pipe",
    below: [],
    tar: archive(entry({ name: "pipe", type: "fifo", ...node })),
    expected: tree({ pipe: { kind: "pipe", ...node } }),
  },
  {
    name: "a character device and a block device",
    below: [],
    tar: archive(
      entry({ name: "null", type: "character", devmajor: 1, devminor: 3, ...node }),
      entry({ name: "loop", type: "block", devmajor: 7, devminor: 300, ...node }),
    ),
    expected: tree({
      null: { kind: "character", major: 1, minor: 3, ...node },
      loop: { kind: "block", major: 7, minor: 300, ...node },
    }),
  },
  {
    name: "a contiguous file, which is a file",
    below: [],
    tar: archive(block({ name: "a", typeflag: "7", size: 7 }), data(text("content"))),
    expected: tree({ a: isFile("content") }),
    go: { overlay: "fails: unhandled tar header type 55", vfs: "as overlay" },
  },
  {
    name: "a file and a folder without typeflag, as before POSIX",
    below: [],
    tar: archive(
      block({ name: "a", typeflag: "\0", size: 7, magic: "" }),
      data(text("content")),
      block({ name: "d/", typeflag: "\0", magic: "", patches: { 100: "0000755\0" } }),
    ),
    expected: tree({ a: isFile("content"), d: isFolder({ mtime: time }) }),
  },
  {
    name: "a type without meaning",
    below: [],
    tar: archive(file("before"), block({ name: "odd", typeflag: "Z" })),
    expected: refused("odd"),
  },
  {
    name: "a global header, which changes nothing",
    below: [],
    tar: archive(
      pax(
        [
          ["path", "other"],
          ["uid", "7"],
          ["comment", "x"],
        ],
        "g",
      ),
      file("a"),
    ),
    expected: tree({ a: isFile("a") }),
  },
  {
    name: "an old GNU sparse file",
    below: [],
    tar: archive(
      block({
        name: "sparse",
        typeflag: "S",
        size: 12,
        magic: gnu,
        patches: { ...gnuMap(386, 0, 6, 5000, 6), 483: octal(holes.length) },
      }),
      data(fragments),
      file("after"),
    ),
    expected: isSparse,
    go: { overlay: "fails: unhandled tar header type 83", vfs: "as overlay" },
  },
  {
    name: "an old GNU sparse file whose map goes on in another block",
    below: [],
    tar: archive(
      block({
        name: "sparse",
        typeflag: "S",
        size: 5,
        magic: gnu,
        patches: { ...gnuMap(386, ...manyFragments), 482: "\x01", 483: octal(manyHoles.length) },
      }),
      extension,
      data(text("abcde")),
    ),
    expected: tree({ sparse: isFile(manyHoles) }),
    go: { overlay: "fails: unhandled tar header type 83", vfs: "as overlay" },
  },
  {
    name: "a PAX sparse file, version 0.0",
    below: [],
    tar: archive(
      pax([
        size,
        ["GNU.sparse.numblocks", "2"],
        ["GNU.sparse.offset", "0"],
        ["GNU.sparse.numbytes", "6"],
        ["GNU.sparse.offset", "5000"],
        ["GNU.sparse.numbytes", "6"],
      ]),
      file("sparse", fragments),
      file("after"),
    ),
    expected: isSparse,
    go: sparseGo,
  },
  {
    name: "a PAX sparse file, version 0.1",
    below: [],
    tar: archive(
      pax([size, ["GNU.sparse.numblocks", "2"], ["GNU.sparse.map", map], ["GNU.sparse.name", "sparse"]]),
      file("GNUSparseFile.1/sparse", fragments),
      file("after"),
    ),
    expected: isSparse,
    go: sparseGo,
  },
  {
    name: "a PAX sparse file, version 1.0",
    below: [],
    tar: archive(
      pax([
        ["GNU.sparse.major", "1"],
        ["GNU.sparse.minor", "0"],
        ["GNU.sparse.name", "sparse"],
        ["GNU.sparse.realsize", String(holes.length)],
      ]),
      file("GNUSparseFile.1/sparse", concat([data(text("2\n0\n6\n5000\n6\n")), fragments])),
      file("after"),
    ),
    expected: isSparse,
    go: sparseGo,
  },
  {
    name: "a sparse file that is all hole",
    below: [],
    tar: archive(
      pax([size, ["GNU.sparse.numblocks", "1"], ["GNU.sparse.map", "10000,0"]]),
      file("sparse", ""),
    ),
    expected: tree({ sparse: isFile(new Uint8Array(holes.length)) }),
    go: sparseGo,
  },
  {
    name: "nothing but folders that are there already",
    below: [archive(folder("d"))],
    tar: archive(folder("d")),
    expected: tree({ d: isFolder() }),
  },
  { name: "no entry", below: [], tar: archive(), expected: nothing },
];
