import { tarEnd } from "@drayage/tar";
import { concat } from "../bytes.ts";
import { archive, file, text } from "./archive.ts";
import { isFile, nothing, refused, tree } from "./files.ts";
import type { EdgeLayer } from "./types.ts";

const content = file("a");
const expected = tree({ a: isFile("a") });
const zeros = new Uint8Array(512);
const damaged = file("b");
damaged[0] = 0x63;

/** Archives that end oddly, or not at all. */
export const archiveLayers: readonly EdgeLayer[] = [
  { name: "an archive of no bytes", below: [], tar: new Uint8Array(), expected: nothing },
  { name: "an archive without its end", below: [], tar: content, expected },
  {
    name: "an archive with one block of zeros at its end",
    below: [],
    tar: concat([content, zeros]),
    expected,
  },
  {
    name: "zeros after the archive's end",
    below: [],
    tar: concat([archive(content), new Uint8Array(9000)]),
    expected,
  },
  {
    name: "other bytes after the archive's end",
    below: [],
    tar: concat([archive(content), text("something that is not a block")]),
    expected,
  },
  {
    name: "another archive after the archive's end, which does not count",
    below: [],
    tar: concat([archive(content), archive(file("b"))]),
    expected,
  },
  {
    name: "an archive that ends with the last byte of a file, without padding",
    below: [],
    tar: content.subarray(0, 513),
    expected,
  },
  {
    name: "an archive that ends within a file",
    below: [],
    tar: file("a", new Uint8Array(2000)).subarray(0, 1024),
    expected: refused("a"),
  },
  {
    name: "an archive that ends within a header",
    below: [],
    tar: concat([content, file("b").subarray(0, 300)]),
    expected: refused(""),
  },
  {
    name: "a header with a wrong checksum",
    below: [],
    tar: archive(content, damaged),
    expected: refused("checksum"),
  },
  {
    name: "a single block of zeros before more entries",
    below: [],
    tar: concat([content, zeros, file("b"), tarEnd()]),
    expected: refused(""),
  },
];
