import path from "node:path";
import type { DrayageError } from "@drayage/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cleanEntryName,
  cleanRawEntryName,
  opaqueWhiteoutName,
  parseWhiteout,
  whiteoutName,
} from "../src/index.ts";
import { text } from "./support/archive.ts";
import { thrownBy } from "./support/decode.ts";

function refusal(call: () => unknown): string {
  const error = thrownBy(call);
  expect((error as DrayageError).code).toBe("ERR_DRAYAGE_ARCHIVE_INVALID");
  return (error as DrayageError).message;
}

describe("an entry's name is a path below the root", () => {
  it.each([
    ["a/b", "a/b"],
    ["./a/./b/", "a/b"],
    ["a//b///", "a/b"],
    ["a/../b", "b"],
    ["a/b/../../c", "c"],
    ["/etc/passwd", "etc/passwd"],
    ["//etc//passwd", "etc/passwd"],
    ["/../x", "x"],
    ["/a/../../../x", "x"],
    ["", "."],
    [".", "."],
    ["./", "."],
    ["/", "."],
    ["a/..", "."],
    ["...", "..."],
    ["..a/b", "..a/b"],
    ["a\\..\\b", "a\\..\\b"],
    ["ü/é", "ü/é"],
  ])("%j is %j", (name, expected) => {
    expect(cleanEntryName(name)).toBe(expected);
    expect(cleanRawEntryName(text(name))).toEqual(text(expected));
  });

  it.each([
    ["..", 'tar entry ".." leaves the archive\'s root'],
    ["../x", 'tar entry "../x" leaves the archive\'s root'],
    ["a/../../x", 'tar entry "a/../../x" leaves the archive\'s root'],
    ["./../a", 'tar entry "./../a" leaves the archive\'s root'],
    ["a/b/../../../c/..", 'tar entry "a/b/../../../c/.." leaves the archive\'s root'],
    ["a\0b", 'tar entry "a\\u0000b" has a NUL in its name'],
    ["/a\0/../..", 'tar entry "/a\\u0000/../.." has a NUL in its name'],
  ])("%j is refused with ERR_DRAYAGE_ARCHIVE_INVALID", (name, message) => {
    expect(refusal(() => cleanEntryName(name))).toBe(message);
    expect(refusal(() => cleanRawEntryName(text(name)))).toBe(message);
  });

  it("what is returned stays below any root, has no dots in it, and is clean already", () => {
    const part = fc.constantFrom("..", ".", "", "a", "b", "..c", "\u{1f600}");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const name = parts.join("/");
        const outside = path.posix.normalize(name).split("/")[0] === "..";
        if (outside) {
          refusal(() => cleanEntryName(name));
          return;
        }
        const clean = cleanEntryName(name);
        expect(path.posix.join("/root", clean)).toBe(
          path.posix.join("/root", path.posix.join("/", name)).replace(/(.)\/$/, "$1"),
        );
        expect(clean === "." || clean.split("/").every((piece) => !["", ".", ".."].includes(piece))).toBe(
          true,
        );
        expect(cleanEntryName(clean)).toBe(clean);
      }),
    );
  });

  it("bytes that are not UTF-8 stay as they are", () => {
    expect(cleanRawEntryName(new Uint8Array([0x2f, 0xff, 0x2f, 0x2e, 0x2f, 0x80]))).toEqual(
      new Uint8Array([0xff, 0x2f, 0x80]),
    );
  });
});

describe("whiteouts", () => {
  it.each([
    ["a/.wh.b", { kind: "removed", path: "a/b" }],
    [".wh.b", { kind: "removed", path: "b" }],
    ["./a/.wh.b/", { kind: "removed", path: "a/b" }],
    ["/a/.wh..hidden", { kind: "removed", path: "a/.hidden" }],
    ["a/.wh....", { kind: "removed", path: "a/..." }],
    ["a/.wh.wh.b", { kind: "removed", path: "a/wh.b" }],
    ["a/b/.wh..wh..opq", { kind: "opaque", path: "a/b" }],
    [".wh..wh..opq", { kind: "opaque", path: "." }],
    [".wh..wh.plnk", { kind: "metadata", path: ".wh..wh.plnk" }],
    [".wh..wh..opqx", { kind: "metadata", path: ".wh..wh..opqx" }],
    ["usr/bin/whoami", undefined],
    ["usr/bin/.whoami", undefined],
    ["a/x.wh.b", undefined],
    ["a/.wh.b/c", undefined],
    ["a/.WH.b", undefined],
    [".wh", undefined],
    ["", undefined],
  ])("%j is %o", (name, expected) => {
    expect(parseWhiteout(name)).toEqual(expected);
  });

  it.each(["a/.wh.", ".wh.", "a/.wh..", "a/.wh..."])(
    "%j, which would remove a directory or its parent, is refused",
    (name) => {
      expect(refusal(() => parseWhiteout(name))).toBe(
        `tar entry ${JSON.stringify(name)} is a whiteout of no file`,
      );
    },
  );

  it("a whiteout that leaves the root is refused", () => {
    refusal(() => parseWhiteout("../.wh.a"));
    refusal(() => whiteoutName("../a"));
    refusal(() => opaqueWhiteoutName(".."));
    expect(refusal(() => whiteoutName("/"))).toBe("a layer cannot remove its root");
  });

  it("names of whiteouts are read back", () => {
    for (const name of ["a", "a/b", "a/b/.c"]) {
      expect(parseWhiteout(whiteoutName(name))).toEqual({ kind: "removed", path: name });
      expect(parseWhiteout(opaqueWhiteoutName(name))).toEqual({ kind: "opaque", path: name });
    }
    expect(whiteoutName("/a/b/")).toBe("a/.wh.b");
    expect(opaqueWhiteoutName(".")).toBe(".wh..wh..opq");
  });
});
