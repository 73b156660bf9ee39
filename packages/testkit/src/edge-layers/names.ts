import { archive, file, folder, pax, text } from "./archive.ts";
import { isFile, isFolder, refused, tree } from "./files.ts";
import type { EdgeLayer } from "./types.ts";

const deep = Array.from({ length: 40 }, (_, index) => `folder-${String(index).padStart(3, "0")}`);
const deepFolders = deep.map((_, index) => deep.slice(0, index + 1).join("/"));

/** Names. Each is a path below the root, above which there is nothing. */
export const nameLayers: readonly EdgeLayer[] = [
  {
    name: "names that are no UTF-8",
    below: [],
    tar: archive(
      file("", "latin", { rawName: Uint8Array.of(0x63, 0x61, 0x66, 0xe9), format: "gnu" }),
      file("", "bytes", { rawName: Uint8Array.of(0x64, 0x2f, 0xff, 0x80), format: "gnu" }),
    ),
    expected: tree({ "caf\xe9": isFile("latin"), d: isFolder(), "d/\xff\x80": isFile("bytes") }),
  },
  {
    name: "names of more than ASCII",
    below: [],
    tar: archive(file("café", "1"), file("cafe\u0301", "2"), file("\u{1f600}", "3"), file("\u2028<&>", "4")),
    expected: tree({
      [bytes("café")]: isFile("1"),
      [bytes("cafe\u0301")]: isFile("2"),
      [bytes("\u{1f600}")]: isFile("3"),
      [bytes("\u2028<&>")]: isFile("4"),
    }),
  },
  {
    name: "names with line breaks, backslashes, quotes and spaces",
    below: [],
    tar: archive(
      file("a\nb", "1"),
      file("c\\d", "2"),
      file(" ", "3"),
      file('"\t\u0001', "4"),
      file("-rf", "5"),
    ),
    expected: tree({
      "a\nb": isFile("1"),
      "c\\d": isFile("2"),
      " ": isFile("3"),
      '"\t\u0001': isFile("4"),
      "-rf": isFile("5"),
    }),
  },
  {
    name: "names with dots that mean nothing",
    below: [],
    tar: archive(
      file("..a", "1"),
      file("a..", "2"),
      file("...", "3"),
      file(".wha", "4"),
      file("x.wh.y", "5"),
    ),
    expected: tree({
      "..a": isFile("1"),
      "a..": isFile("2"),
      "...": isFile("3"),
      ".wha": isFile("4"),
      "x.wh.y": isFile("5"),
    }),
  },
  {
    name: "long names as GNU tar writes them",
    below: [],
    tar: archive(file(`${"d".repeat(200)}/${"e".repeat(255)}`, "a", { format: "gnu" })),
    expected: tree({ ["d".repeat(200)]: isFolder(), [`${"d".repeat(200)}/${"e".repeat(255)}`]: isFile("a") }),
  },
  {
    name: "long names as PAX has them",
    below: [],
    tar: archive(file(`${"é".repeat(100)}/${"e".repeat(255)}`, "a", { format: "pax" })),
    expected: tree({
      [bytes("é".repeat(100))]: isFolder(),
      [`${bytes("é".repeat(100))}/${"e".repeat(255)}`]: isFile("a"),
    }),
  },
  {
    name: "a long name in two parts, as ustar has it",
    below: [],
    tar: archive(file(`${"d".repeat(100)}/${"e".repeat(90)}`, "a", { format: "ustar" })),
    expected: tree({ ["d".repeat(100)]: isFolder(), [`${"d".repeat(100)}/${"e".repeat(90)}`]: isFile("a") }),
  },
  {
    name: "a path of forty folders",
    below: [],
    tar: archive(file(`${deep.join("/")}/a`)),
    expected: tree({
      ...Object.fromEntries(deepFolders.map((path) => [path, isFolder()])),
      [`${deep.join("/")}/a`]: isFile(`${deep.join("/")}/a`),
    }),
  },
  {
    name: "names that start with a slash, or with a dot",
    below: [],
    tar: archive(folder("/d"), file("/d/a", "1"), folder("./e"), file(".//e/./b", "2")),
    expected: tree({ d: isFolder(), "d/a": isFile("1"), e: isFolder(), "e/b": isFile("2") }),
  },
  {
    name: "names that go up and down within the root",
    below: [],
    tar: archive(file("d/../a", "1"), folder("e"), file("e/f/../../b", "2")),
    expected: tree({ a: isFile("1"), e: isFolder(), b: isFile("2") }),
  },
  {
    name: "names that leave the root, above which there is nothing",
    below: [],
    tar: archive(file("../../a", "1"), file("d/../../../b", "2"), file("/../c", "3")),
    expected: tree({ a: isFile("1"), b: isFile("2"), c: isFile("3") }),
    go: {
      overlay: "its archive cannot be given back: it is looked for outside the layer",
      vfs: "as overlay",
    },
  },
  {
    name: "a name with a NUL",
    below: [],
    tar: archive(pax([["path", "a\0b"]]), file("a")),
    expected: refused(""),
  },
  {
    name: "the root as a file",
    below: [],
    tar: archive(file(".", "content")),
    expected: refused("."),
    go: { overlay: "takes it, and its archive cannot be given back" },
  },
];

/** Text as a string of one character for each of its bytes. */
function bytes(value: string): string {
  return String.fromCharCode(...text(value));
}
