import { archive, entry, file, folder, symlink, time } from "./archive.ts";
import { isFile, isFolder, isLink, refused, tree } from "./files.ts";
import type { EdgeLayer } from "./types.ts";

const twice = { overlay: "fails: duplicates of file paths", vfs: "fails: duplicates of file paths" };

/** Image-spec, layer.md, "Changeset over existing files": of two folders the later one's attributes count, all else is replaced. */
export const overlapLayers: readonly EdgeLayer[] = [
  {
    name: "a file over a file",
    below: [archive(file("a", "longer than the other", { mode: 0o755, uid: 1 }))],
    tar: archive(file("a", "new")),
    expected: tree({ a: isFile("new") }),
  },
  {
    name: "a file over a folder with content",
    below: [archive(folder("a"), folder("a/b"), file("a/b/c"))],
    tar: archive(file("a", "new")),
    expected: tree({ a: isFile("new") }),
  },
  {
    name: "a folder over a file",
    below: [archive(file("a"))],
    tar: archive(folder("a", { mode: 0o700 }), file("a/b")),
    expected: tree({ a: isFolder({ mode: 0o700, mtime: time }), "a/b": isFile("a/b") }),
  },
  {
    name: "a link over a folder with content",
    below: [archive(folder("a"), file("a/b"), folder("c"))],
    tar: archive(symlink("a", "c")),
    expected: tree({ a: isLink("c"), c: isFolder() }),
  },
  {
    name: "a folder over a link, whose target stays as it is",
    below: [archive(folder("c", { uid: 7 }), file("c/d"), symlink("a", "c"))],
    tar: archive(folder("a", { mode: 0o700 }), file("a/b")),
    expected: tree({
      a: isFolder({ mode: 0o700 }),
      "a/b": isFile("a/b"),
      c: isFolder({ uid: 7 }),
      "c/d": isFile("c/d"),
    }),
  },
  {
    name: "a folder over a file of its layer over a folder with content",
    below: [archive(folder("a"), file("a/b"))],
    tar: archive(entry({ name: "a", type: "fifo", mode: 0o600 }), folder("a", { mode: 0o700 })),
    expected: tree({ a: isFolder({ mode: 0o700, mtime: time }) }),
    go: { overlay: "fails: duplicates of file paths", vfs: "fails: duplicates of file paths" },
  },
  {
    name: "a pipe over a file",
    below: [archive(file("a"))],
    tar: archive(entry({ name: "a", type: "fifo", mode: 0o600 })),
    expected: tree({ a: { kind: "pipe", mode: 0o600, uid: 0, gid: 0, mtime: time } }),
  },
  {
    name: "a folder over a folder, whose content stays",
    below: [archive(folder("a", { mode: 0o700, uid: 1, gid: 1 }), file("a/b"))],
    tar: archive(folder("a", { mode: 0o1777, uid: 2, gid: 3 })),
    expected: tree({ a: isFolder({ mode: 0o1777, uid: 2, gid: 3, mtime: time }), "a/b": isFile("a/b") }),
  },
  {
    name: "a file in a folder below, which stays as it is",
    below: [
      archive(
        folder("a", { mode: 0o2750, uid: 1, gid: 2 }),
        folder("a/b", { mode: 0o711, uid: 3 }),
        file("a/c"),
      ),
    ],
    tar: archive(file("a/b/d")),
    expected: tree({
      a: isFolder({ mode: 0o2750, uid: 1, gid: 2 }),
      "a/b": isFolder({ mode: 0o711, uid: 3 }),
      "a/b/d": isFile("a/b/d"),
      "a/c": isFile("a/c"),
    }),
    go: { overlay: "the folders a and a/b have the attributes of new ones" },
  },
  {
    name: "files in folders for which no layer has an entry",
    below: [],
    tar: archive(file("a/b/c"), symlink("d/e", "f")),
    expected: tree({
      a: isFolder(),
      "a/b": isFolder(),
      "a/b/c": isFile("a/b/c"),
      d: isFolder(),
      "d/e": isLink("f"),
    }),
  },
  {
    name: "a folder after what is in it",
    below: [],
    tar: archive(file("a/b"), folder("a", { mode: 0o700, uid: 4 })),
    expected: tree({ a: isFolder({ mode: 0o700, uid: 4, mtime: time }), "a/b": isFile("a/b") }),
  },
  {
    name: "a file in what is a file below",
    below: [archive(file("a"))],
    tar: archive(file("a/b")),
    expected: tree({ a: isFolder(), "a/b": isFile("a/b") }),
    go: { vfs: "fails: not a directory" },
  },
  {
    name: "a file in what is a file of its layer",
    below: [],
    tar: archive(file("a"), file("a/b")),
    expected: refused("a/b"),
  },
  {
    name: "the same file twice",
    below: [],
    tar: archive(file("a"), file("a")),
    expected: tree({ a: isFile("a") }),
    go: twice,
  },
  {
    name: "two files of one name",
    below: [],
    tar: archive(file("a", "one"), file("a", "two")),
    expected: tree({ a: isFile("two") }),
    stored: refused("a"),
    go: twice,
  },
  {
    name: "two files of one path, by different names",
    below: [],
    tar: archive(file("d/a", "one"), file("./d//a", "two")),
    expected: tree({ d: isFolder(), "d/a": isFile("two") }),
    stored: refused("./d//a"),
    go: twice,
  },
  {
    name: "a folder twice",
    below: [],
    tar: archive(folder("a"), file("a/b"), folder("a", { mode: 0o711, uid: 1 })),
    expected: tree({ a: isFolder({ mode: 0o711, uid: 1 }), "a/b": isFile("a/b") }),
    go: twice,
  },
  {
    name: "a folder whose place a link of its layer takes",
    below: [],
    tar: archive(folder("a"), file("a/b"), symlink("a", "c")),
    expected: tree({ a: isLink("c") }),
    stored: refused("a"),
    go: twice,
  },
  {
    name: "an empty file whose place another file takes",
    below: [],
    tar: archive(file("a", ""), file("a", "content")),
    expected: tree({ a: isFile("content") }),
    go: twice,
  },
];
