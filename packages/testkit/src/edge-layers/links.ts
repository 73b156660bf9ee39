import { archive, block, entry, file, folder, hardLink, symlink } from "./archive.ts";
import { isFile, isFolder, isLink, refused, tree } from "./files.ts";
import type { EdgeLayer } from "./types.ts";

/** Links, and names that lead over links. Nothing of a layer ever leaves its root: links are followed as if it were `/`. */
export const linkLayers: readonly EdgeLayer[] = [
  {
    name: "a hard link whose header counts for the file",
    below: [],
    tar: archive(file("a", "content", { uid: 1 }), hardLink("b", "a", { mode: 0o600, uid: 2, gid: 3 })),
    expected: tree({
      a: isFile("content", { mode: 0o600, uid: 2, gid: 3 }),
      b: isFile("content", { mode: 0o600, uid: 2, gid: 3, sameAs: "a" }),
    }),
  },
  {
    name: "a hard link to a file below",
    below: [archive(file("a", "content", { mode: 0o640, uid: 1 }))],
    tar: archive(hardLink("b", "a", { mode: 0o640, uid: 1 })),
    expected: tree({
      a: isFile("content", { mode: 0o640, uid: 1 }),
      b: isFile("content", { mode: 0o640, uid: 1, sameAs: "a" }),
    }),
    go: { overlay: "fails: no such file" },
  },
  {
    name: "a hard link to a hard link to a file below",
    below: [archive(folder("d"), file("d/a", "content"))],
    tar: archive(hardLink("b", "d/a"), hardLink("e/c", "b")),
    expected: tree({
      d: isFolder(),
      "d/a": isFile("content"),
      b: isFile("content", { sameAs: "d/a" }),
      e: isFolder(),
      "e/c": isFile("content", { sameAs: "d/a" }),
    }),
    go: { overlay: "fails: no such file" },
  },
  {
    name: "a hard link to a symbolic link",
    below: [],
    tar: archive(file("a"), symlink("b", "a"), hardLink("c", "b", { mode: 0o777 })),
    expected: tree({ a: isFile("a"), b: isLink("a"), c: isLink("a", { sameAs: "b" }) }),
  },
  {
    name: "a hard link in the place of a file below",
    below: [archive(file("a", "old"), file("b", "other"))],
    tar: archive(file("a", "new"), hardLink("b", "a")),
    expected: tree({ a: isFile("new"), b: isFile("new", { sameAs: "a" }) }),
  },
  {
    name: "a hard link in the place of a symbolic link, whose target stays",
    below: [archive(file("target", "old"), symlink("b", "target"))],
    tar: archive(file("a", "new"), hardLink("b", "a")),
    expected: tree({ target: isFile("old"), a: isFile("new"), b: isFile("new", { sameAs: "a" }) }),
  },
  {
    name: "a hard link whose target leaves the root",
    below: [],
    tar: archive(folder("etc"), file("etc/passwd", "the layer's"), hardLink("b", "../../../etc/passwd")),
    expected: tree({
      etc: isFolder(),
      "etc/passwd": isFile("the layer's"),
      b: isFile("the layer's", { sameAs: "etc/passwd" }),
    }),
  },
  {
    name: "a hard link over a symbolic link that leaves the root",
    below: [],
    tar: archive(
      folder("etc"),
      file("etc/passwd", "the layer's"),
      symlink("l", "/etc"),
      hardLink("b", "l/passwd"),
    ),
    expected: tree({
      etc: isFolder(),
      "etc/passwd": isFile("the layer's"),
      l: isLink("/etc"),
      b: isFile("the layer's", { sameAs: "etc/passwd" }),
    }),
  },
  {
    name: "a hard link with a size, as old tars write it",
    below: [],
    tar: archive(
      file("a", "content"),
      block({ name: "b", typeflag: "1", linkname: "a", size: 7 }),
      file("c"),
    ),
    expected: tree({ a: isFile("content"), b: isFile("content", { sameAs: "a" }), c: isFile("c") }),
    go: { overlay: "its archive cannot be given back", vfs: "its archive cannot be given back" },
  },
  {
    name: "a hard link to nothing",
    below: [],
    tar: archive(hardLink("b", "missing")),
    expected: refused("b"),
  },
  {
    name: "a hard link to a folder",
    below: [],
    tar: archive(folder("d"), hardLink("b", "d")),
    expected: refused("b"),
  },
  {
    name: "a hard link to itself",
    below: [],
    tar: archive(hardLink("b", "b")),
    expected: refused("b"),
  },
  {
    name: "targets of symbolic links as they stand",
    below: [],
    tar: archive(
      symlink("absolute", "/etc/passwd"),
      symlink("above", "../../../etc/passwd"),
      symlink("slash", "d//./"),
      symlink("itself", "itself"),
      symlink("long", "t".repeat(1000)),
      entry({
        name: "bytes",
        type: "symlink",
        mode: 0o777,
        rawLinkname: Uint8Array.of(0x61, 0xff),
        format: "gnu",
      }),
    ),
    expected: tree({
      absolute: isLink("/etc/passwd"),
      above: isLink("../../../etc/passwd"),
      slash: isLink("d//./"),
      itself: isLink("itself"),
      long: isLink("t".repeat(1000)),
      bytes: isLink("a\xff"),
    }),
  },
  {
    name: "a file behind a link of its layer",
    below: [],
    tar: archive(folder("usr"), folder("usr/lib"), symlink("lib", "usr/lib"), file("lib/a")),
    expected: tree({
      usr: isFolder(),
      "usr/lib": isFolder(),
      "usr/lib/a": isFile("lib/a"),
      lib: isLink("usr/lib"),
    }),
  },
  {
    name: "a file behind an absolute link of its layer",
    below: [],
    tar: archive(folder("usr"), symlink("l", "/usr"), file("l/a")),
    expected: tree({ usr: isFolder(), "usr/a": isFile("l/a"), l: isLink("/usr") }),
    go: { overlay: "its archive cannot be given back: the link is followed on the host", vfs: "as overlay" },
  },
  {
    name: "a file behind a link that leaves the root",
    below: [],
    tar: archive(folder("d"), symlink("d/up", "../../../.."), file("d/up/a")),
    expected: tree({ d: isFolder(), "d/up": isLink("../../../.."), a: isFile("d/up/a") }),
    go: { overlay: "its archive cannot be given back: the link is followed on the host", vfs: "as overlay" },
  },
  {
    name: "a file behind a link below",
    below: [archive(folder("usr"), folder("usr/lib"), symlink("lib", "usr/lib"))],
    tar: archive(file("lib/a")),
    expected: tree({
      usr: isFolder(),
      "usr/lib": isFolder(),
      "usr/lib/a": isFile("lib/a"),
      lib: isLink("usr/lib"),
    }),
    go: { overlay: "a folder lib takes the place of the link" },
  },
  {
    name: "a file behind an absolute link below",
    below: [archive(folder("usr"), folder("usr/lib"), symlink("lib", "/usr/lib"))],
    tar: archive(file("lib/a")),
    expected: tree({
      usr: isFolder(),
      "usr/lib": isFolder(),
      "usr/lib/a": isFile("lib/a"),
      lib: isLink("/usr/lib"),
    }),
    go: { overlay: "a folder lib takes the place of the link", vfs: "its archive cannot be given back" },
  },
  {
    name: "a file behind links that go round",
    below: [],
    tar: archive(symlink("a", "b"), symlink("b", "a"), file("a/x")),
    expected: refused("a/x"),
  },
  {
    name: "a file in the place of a link below, whose target stays",
    below: [archive(file("target", "old"), symlink("a", "target"))],
    tar: archive(file("a", "new")),
    expected: tree({ target: isFile("old"), a: isFile("new") }),
  },
  {
    name: "a file in the place of a link of its layer, whose target stays",
    below: [archive(file("target", "old"))],
    tar: archive(symlink("a", "target"), file("a", "new")),
    expected: tree({ target: isFile("old"), a: isFile("new") }),
    go: { overlay: "fails: duplicates of file paths", vfs: "fails: duplicates of file paths" },
  },
];
