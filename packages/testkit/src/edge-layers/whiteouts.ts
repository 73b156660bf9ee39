import { archive, file, folder, symlink, time, whiteout } from "./archive.ts";
import { isFile, isFolder, isLink, nothing, refused, tree } from "./files.ts";
import type { EdgeLayer } from "./types.ts";

const folderBelow = archive(folder("d"), file("d/a"), file("e"));
const replaced = tree({ d: isFolder(), "d/b": isFile("d/b"), e: isFile("e") });
const specBelow = archive(folder("a"), folder("a/b"), folder("a/b/c"), file("a/b/c/bar"));
const specReplaced = tree({
  a: isFolder(),
  "a/b": isFolder(),
  "a/b/c": isFolder(),
  "a/b/c/foo": isFile("a/b/c/foo"),
});
const opaque = ".wh..wh..opq";

/** Image-spec, layer.md, "Whiteouts": they hide what is below, and nothing of their own layer, whatever their place in it. */
export const whiteoutLayers: readonly EdgeLayer[] = [
  {
    name: "a whiteout of a file",
    below: [archive(file("a"), file("b"))],
    tar: archive(whiteout(".wh.a")),
    expected: tree({ b: isFile("b") }),
  },
  {
    name: "a whiteout of a folder with content",
    below: [folderBelow],
    tar: archive(whiteout(".wh.d")),
    expected: tree({ e: isFile("e") }),
  },
  {
    name: "a whiteout of a link, whose target stays",
    below: [archive(folder("d"), file("d/a"), symlink("l", "d"))],
    tar: archive(whiteout(".wh.l")),
    expected: tree({ d: isFolder(), "d/a": isFile("d/a") }),
  },
  {
    name: "a whiteout of what is not there",
    below: [folderBelow],
    tar: archive(whiteout("d/.wh.nothing")),
    expected: tree({ d: isFolder(), "d/a": isFile("d/a"), e: isFile("e") }),
  },
  {
    name: "a whiteout before a file of its name",
    below: [archive(file("a", "old"))],
    tar: archive(whiteout(".wh.a"), file("a", "new")),
    expected: tree({ a: isFile("new") }),
  },
  {
    name: "a whiteout after a file of its name",
    below: [archive(file("a", "old"))],
    tar: archive(file("a", "new"), whiteout(".wh.a")),
    expected: tree({ a: isFile("new") }),
    go: { overlay: "fails: file exists", vfs: "removes the file, so that its archive cannot be given back" },
  },
  {
    name: "a whiteout before a folder of its name",
    below: [folderBelow],
    tar: archive(whiteout(".wh.d"), folder("d"), file("d/b")),
    expected: replaced,
    go: { overlay: "the file d/a of the layer below appears again" },
  },
  {
    name: "a whiteout after a folder of its name",
    below: [folderBelow],
    tar: archive(folder("d"), file("d/b"), whiteout(".wh.d")),
    expected: replaced,
    go: { overlay: "fails: file exists", vfs: "fails: no such file" },
  },
  {
    name: "a whiteout of a folder that the layer fills without an entry for it",
    below: [archive(folder("d", { mode: 0o700, uid: 5 }), file("d/a"))],
    tar: archive(whiteout(".wh.d"), file("d/b")),
    expected: tree({ d: isFolder(), "d/b": isFile("d/b") }),
    go: { overlay: "fails: not a directory" },
  },
  {
    name: "a whiteout in a folder that is a link below",
    below: [
      archive(
        folder("usr"),
        folder("usr/lib"),
        file("usr/lib/a"),
        file("usr/lib/b"),
        symlink("lib", "usr/lib"),
      ),
    ],
    tar: archive(whiteout("lib/.wh.a")),
    expected: tree({
      usr: isFolder(),
      "usr/lib": isFolder(),
      "usr/lib/b": isFile("usr/lib/b"),
      lib: isLink("usr/lib"),
    }),
    go: { overlay: "a folder lib takes the place of the link" },
  },
  {
    name: "a folder above the layer that removed it",
    below: [folderBelow, archive(whiteout(".wh.d"))],
    tar: archive(folder("d"), file("d/b")),
    expected: replaced,
  },
  {
    name: "an opaque whiteout before what is new in its folder",
    below: [specBelow],
    tar: archive(folder("a"), whiteout(`a/${opaque}`), folder("a/b"), folder("a/b/c"), file("a/b/c/foo")),
    expected: specReplaced,
  },
  {
    name: "an opaque whiteout after what is new in its folder",
    below: [specBelow],
    tar: archive(folder("a"), folder("a/b"), folder("a/b/c"), file("a/b/c/foo"), whiteout(`a/${opaque}`)),
    expected: specReplaced,
  },
  {
    name: "an opaque whiteout before the folder that it is in",
    below: [folderBelow],
    tar: archive(whiteout(`d/${opaque}`), folder("d", { mode: 0o700 }), file("d/b")),
    expected: tree({ d: isFolder({ mode: 0o700 }), "d/b": isFile("d/b"), e: isFile("e") }),
  },
  {
    name: "an opaque whiteout in a folder for which the layer has no entry",
    below: [archive(folder("d", { mode: 0o700, uid: 5 }), file("d/a"))],
    tar: archive(whiteout(`d/${opaque}`), file("d/b")),
    expected: tree({ d: isFolder({ mode: 0o700, uid: 5 }), "d/b": isFile("d/b") }),
    go: { overlay: "d has the attributes of a new folder" },
  },
  {
    name: "an opaque whiteout beside a whiteout and a file of one name",
    below: [folderBelow],
    tar: archive(folder("d"), whiteout(`d/${opaque}`), whiteout("d/.wh.a"), file("d/a", "new")),
    expected: tree({ d: isFolder(), "d/a": isFile("new"), e: isFile("e") }),
  },
  {
    name: "an opaque whiteout in the root, before what is new",
    below: [folderBelow],
    tar: archive(whiteout(opaque), folder("d"), file("d/b")),
    expected: tree({ d: isFolder(), "d/b": isFile("d/b") }),
    go: { overlay: "what is below stays, as the kernel heeds no mark on the root of a mount" },
  },
  {
    name: "an opaque whiteout in the root, after what is new",
    below: [folderBelow],
    tar: archive(folder("d"), file("d/b"), whiteout(`./${opaque}`)),
    expected: tree({ d: isFolder(), "d/b": isFile("d/b") }),
    go: { overlay: "what is below stays, as the kernel heeds no mark on the root of a mount" },
  },
  {
    name: "an opaque whiteout over two layers",
    below: [folderBelow, archive(file("d/c"))],
    tar: archive(folder("d"), whiteout(`d/${opaque}`), file("d/b")),
    expected: replaced,
  },
  {
    name: "whiteouts with content",
    below: [archive(file("a"), folder("d"), file("d/b"))],
    tar: archive(file(".wh.a", "content"), folder("d"), file(`d/${opaque}`, "content")),
    expected: tree({ d: isFolder() }),
    go: { overlay: "its archive cannot be given back", vfs: "its archive cannot be given back" },
  },
  {
    name: "files of aufs",
    below: [],
    tar: archive(
      file(".wh..wh.aufs", ""),
      folder(".wh..wh.orph"),
      folder(".wh..wh.plnk"),
      file(".wh..wh.plnk/1.2", "content"),
      file("a"),
    ),
    expected: tree({ a: isFile("a") }),
    go: {
      overlay: "makes whiteouts of them",
      vfs: "leaves an empty folder, and its archive cannot be given back",
    },
  },
  {
    name: "whiteouts in folders that no layer below has",
    below: [archive(folder("d"), file("d/a"))],
    tar: archive(
      folder("new"),
      whiteout("new/.wh.a"),
      file("new/b"),
      whiteout("other/.wh.a"),
      folder("d"),
      whiteout("d/.wh.b"),
    ),
    expected: tree({
      d: isFolder(),
      "d/a": isFile("d/a"),
      new: isFolder({ mtime: time }),
      "new/b": isFile("new/b"),
      other: isFolder(),
    }),
    go: { overlay: "the folders list the names of the whiteouts" },
  },
  {
    name: "a whiteout in an opaque folder",
    below: [folderBelow],
    tar: archive(folder("d"), whiteout(`d/${opaque}`), whiteout("d/.wh.a"), file("d/b")),
    expected: replaced,
    go: { overlay: "the folder lists the whiteout's name" },
  },
  {
    name: "whiteouts in what is a file below",
    below: [archive(file("a"), symlink("l", "a"))],
    tar: archive(whiteout("a/.wh.b"), whiteout("l/.wh.b"), whiteout(`a/${opaque}`)),
    expected: tree({ a: isFile("a"), l: isLink("a") }),
    go: { overlay: "folders take their places", vfs: "fails: not a directory" },
  },
  {
    name: "a whiteout of nothing",
    below: [],
    tar: archive(folder("d"), whiteout("d/.wh.")),
    expected: refused("d/.wh."),
  },
  {
    name: "a whiteout of its own folder",
    below: [],
    tar: archive(folder("d"), whiteout("d/.wh..")),
    expected: refused("d/.wh.."),
  },
  {
    name: "a whiteout of the folder above",
    below: [],
    tar: archive(folder("d"), folder("d/e"), whiteout("d/e/.wh...")),
    expected: refused("d/e/.wh..."),
  },
  {
    name: "a whiteout in a layer without layers below",
    below: [],
    tar: archive(whiteout(".wh.a")),
    expected: nothing,
  },
];
