import { DrayageError } from "@drayage/errors";
import { describe, expect, it } from "vitest";
import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from "../src/index.ts";
import { concat, latin, rawBlock, record, text, wholeArchive } from "./support/archive.ts";
import { decode, headersOf, thrownBy } from "./support/decode.ts";

const field = (bytes: Uint8Array, start: number, length: number): string =>
  latin(bytes.subarray(start, start + length));

/** The typeflags of the blocks of one entry's headers, bodies left out, and the magic of the last. */
function shape(entry: TarEntryInput): string {
  const blocks = encodeTarHeader(entry);
  const flags: string[] = [];
  for (let start = 0; start < blocks.length; start += 512) {
    const flag = field(blocks, start + 156, 1);
    flags.push(flag);
    if ("xgLK".includes(flag))
      start += Math.ceil(Number.parseInt(field(blocks, start + 124, 11), 8) / 512) * 512;
  }
  return `${flags.join("")} ${field(blocks, blocks.length - 512 + 257, 6).replace("\0", "")}`;
}

function refusal(entry: TarEntryInput): string {
  const error = thrownBy(() => encodeTarHeader(entry));
  expect(error).toBeInstanceOf(DrayageError);
  expect((error as DrayageError).code).toBe("ERR_DRAYAGE_USAGE");
  return (error as DrayageError).message;
}

describe("the bytes of a header", () => {
  it("a plain file is one ustar block, as Go writes it", () => {
    const block = encodeTarHeader({
      name: "manifest.json",
      size: 206,
      mode: 0o444,
      mtime: { seconds: 0, nanoseconds: 0 },
    });
    const expected = new Uint8Array(512);
    const put = (offset: number, value: string): void => expected.set(text(value), offset);
    put(0, "manifest.json");
    put(100, "0000444\x000000000\x000000000\x0000000000316\x0000000000000\x00");
    put(148, "011704\0 0");
    put(257, "ustar\x0000");
    put(329, "0000000\x000000000\x00");
    expect(block).toEqual(expected);
  });

  it("a PAX header names itself after its entry, and its records are sorted by bytes", () => {
    const name = `dir/${"n".repeat(98)}/ü`;
    const blocks = encodeTarHeader({
      name,
      size: 1,
      xattrs: new Map([
        ["user.b", text("2")],
        ["user.a", text("1")],
      ]),
      pax: new Map([
        ["z", text("")],
        ["comment", text("c")],
      ]),
    });
    expect(field(blocks, 0, 100)).toBe(`dir/${"n".repeat(96)}`);
    const [mode, uid, gid, size, mtime, , flag] = field(blocks, 100, 57).split("\0");
    expect([mode, uid, gid, mtime, flag]).toEqual(["0000000", "0000000", "0000000", "00000000000", " x"]);
    expect(field(blocks, 265, 80)).toBe("\0".repeat(80));
    const body = [
      record("SCHILY.xattr.user.a", "1"),
      record("SCHILY.xattr.user.b", "2"),
      record("comment", "c"),
      record("path", name),
      record("z", ""),
    ].join("");
    expect(Number.parseInt(size ?? "", 8)).toBe(text(body).length);
    expect(Buffer.from(blocks.subarray(512, 512 + text(body).length)).toString()).toBe(body);
    expect(field(blocks, 1024, 103)).toBe(`dir/${"n".repeat(96)}000`);
  });

  it.each([
    ["a/b", "a/PaxHeaders.0/b"],
    ["b", "PaxHeaders.0/b"],
    ["/a/b", "/a/PaxHeaders.0/b"],
    ["a/../b", "PaxHeaders.0/b"],
    ["a//b/", "a/b/PaxHeaders.0"],
    ["../a", "../PaxHeaders.0/a"],
    ["", "PaxHeaders.0"],
  ])("the PAX header of %j is %j", (name, expected) => {
    const blocks = encodeTarHeader({
      name,
      type: name.endsWith("/") ? "directory" : "file",
      pax: new Map([["a", text("b")]]),
    });
    expect(field(blocks, 0, 100).replace(/\0+$/, "")).toBe(expected);
  });

  it("a name that is cut off at a slash loses the slash", () => {
    const name = `${"d".repeat(99)}/abcé`;
    const blocks = encodeTarHeader({ name });
    expect(field(blocks, blocks.length - 512, 100)).toBe(`${"d".repeat(99)}\0`);
  });

  it("the length of a PAX record counts its own digits", () => {
    for (const [length, expected] of [
      [1, "6 k=v\n"],
      [3, "8 k=vvv\n"],
      [4, "9 k=vvvv\n"],
      [5, "11 k=vvvvv\n"],
      [6, "12 k=vvvvvv\n"],
    ] as const) {
      const blocks = encodeTarHeader({ name: "a", pax: new Map([["k", text("v".repeat(length))]]) });
      expect(field(blocks, 512, expected.length + 1)).toBe(`${expected}\0`);
    }
    for (let length = 85; length < 105; length++) {
      const value = text("v".repeat(length));
      const [header] = headersOf(encodeTarHeader({ name: "a", pax: new Map([["k", value]]) }));
      expect(header?.pax.get("k")).toEqual(value);
    }
  });

  it("a global header holds its records only", () => {
    const archive = encodeTarHeader({
      typeflag: "g",
      pax: new Map([
        ["comment", text("c")],
        ["path", text("p")],
      ]),
    });
    expect(archive.length).toBe(1024);
    expect(field(archive, 0, 15)).toBe("GlobalHead.0.0\0");
    expect(decode(archive).globals[0]?.records).toEqual(
      new Map([
        ["comment", text("c")],
        ["path", text("p")],
      ]),
    );
  });

  it("padding and end are zeros", () => {
    expect([0, 1, 511, 512, 513].map((size) => tarPadding(size).length)).toEqual([0, 511, 1, 0, 511]);
    expect(tarEnd()).toEqual(new Uint8Array(1024));
  });
});

describe("the choice of the format is Go's", () => {
  const name = "n".repeat(100);
  const long = "n".repeat(101);
  const seconds = (value: number, nanoseconds = 0): TarEntryInput["mtime"] => ({
    seconds: value,
    nanoseconds,
  });
  it.each<readonly [TarEntryInput, string]>([
    [{ name }, "0 ustar"],
    [{ name: "d/" }, "5 ustar"],
    [{ name: "f", typeflag: "\0" }, "0 ustar"],
    [{ name: long }, "x0 ustar"],
    [{ name: `${long}/x` }, "0 ustar"],
    [{ name: `x/${long}` }, "x0 ustar"],
    [{ name: `${"p".repeat(155)}/${name}` }, "0 ustar"],
    [{ name: `${"p".repeat(156)}/${name}` }, "x0 ustar"],
    [{ name: `/${name}` }, "x0 ustar"],
    [{ name: `${name}/`, type: "directory" }, "x5 ustar"],
    [{ name: `a/${"n".repeat(97)}/b/`, type: "directory" }, "5 ustar"],
    [{ name: "é" }, "x0 ustar"],
    [{ name: long, format: "gnu" }, "L0 ustar "],
    [{ name: long, linkname: long, type: "symlink", format: "gnu" }, "LK2 ustar "],
    [{ name: "a", type: "symlink", linkname: long }, "x2 ustar"],
    [{ name: "a", uname: "u".repeat(33) }, "x0 ustar"],
    [{ name: "a", uid: 0o7777777 }, "0 ustar"],
    [{ name: "a", uid: 0o10000000 }, "x0 ustar"],
    [{ name: "a", gid: -1 }, "x0 ustar"],
    [{ name: "a", uid: 0o10000000, format: "gnu" }, "0 ustar "],
    [{ name: "a", size: 2 ** 33 - 1 }, "0 ustar"],
    [{ name: "a", size: 2 ** 33 }, "x0 ustar"],
    [{ name: "a", mode: 2 ** 21 }, "0 ustar "],
    [{ name: "a", type: "block", devmajor: -1 }, "4 ustar "],
    [{ name: "a", mtime: seconds(2 ** 33 - 1) }, "0 ustar"],
    [{ name: "a", mtime: seconds(2 ** 33) }, "x0 ustar"],
    [{ name: "a", mtime: seconds(-1) }, "x0 ustar"],
    [{ name: "a", mtime: seconds(1, 5) }, "0 ustar"],
    [{ name: "a", mtime: seconds(1, 5), format: "pax" }, "x0 ustar"],
    [{ name: "a", mtime: seconds(1), format: "pax" }, "0 ustar"],
    [{ name: "a", mtime: seconds(1), atime: seconds(2) }, "0 ustar"],
    [{ name: "a", atime: seconds(2), format: "pax" }, "x0 ustar"],
    [{ name: "a", atime: seconds(2), ctime: seconds(-2), format: "gnu" }, "0 ustar "],
    [{ name: "a", mtime: seconds(1, 5), format: "ustar" }, "0 ustar"],
    [{ name: "a", xattrs: new Map([["user.a", text("x")]]) }, "x0 ustar"],
    [{ name: "a", pax: new Map([["path", text("b")]]) }, "0 ustar"],
    [{ name: "a", pax: new Map([["path", text("a")]]) }, "x0 ustar"],
    [{ name: "a", format: "v7" }, "0 ustar"],
    [{ name: "a", format: "unknown", mtime: seconds(1, 5) }, "0 ustar"],
  ])("%j is written as %j", (entry, expected) => {
    expect(shape(entry)).toBe(expected);
  });

  it("without a format the time is rounded to a second, a half of one up, and the other times are left out", () => {
    const times = [
      seconds(7, 499_999_999),
      seconds(7, 500_000_000),
      seconds(-8, 500_000_000),
      seconds(-8, 499_999_999),
    ];
    const archive = wholeArchive(
      ...times.map((mtime) => ({ header: { name: "a", mtime, atime: seconds(3) } })),
    );
    expect(headersOf(archive).map(({ mtime, atime }) => [mtime.seconds, mtime.nanoseconds, atime])).toEqual([
      [7, 0, undefined],
      [8, 0, undefined],
      [-7, 0, undefined],
      [-8, 0, undefined],
    ]);
  });

  it("a PAX record for a field of the header is written only where it says the same", () => {
    const pax = new Map([
      ["path", text("other")],
      ["uid", text("5")],
      ["mtime", text("9")],
      ["GNU.sparse.major", text("1")],
    ]);
    const [header] = headersOf(encodeTarHeader({ name: "a", uid: 5, mtime: seconds(8), pax, format: "pax" }));
    expect([...(header?.pax ?? [])]).toEqual([["uid", text("5")]]);
  });

  it("where extended attributes are given, records for such are left out", () => {
    const pax = new Map([
      ["SCHILY.xattr.user.old", text("x")],
      ["LIBARCHIVE.xattr.user.old", text("eA")],
      ["k", text("v")],
    ]);
    const keys = (entry: TarEntryInput): string[] => [
      ...(headersOf(encodeTarHeader(entry))[0]?.pax.keys() ?? []),
    ];
    expect(keys({ name: "a", pax, xattrs: new Map() })).toEqual(["k"]);
    expect(keys({ name: "a", pax, xattrs: new Map([["user.new", text("y")]]) })).toEqual([
      "SCHILY.xattr.user.new",
      "k",
    ]);
    expect(keys({ name: "a", pax })).toEqual(["LIBARCHIVE.xattr.user.old", "SCHILY.xattr.user.old", "k"]);
  });

  it("bytes count above text", () => {
    const [header] = headersOf(
      encodeTarHeader({
        name: "text",
        rawName: text("bytes"),
        linkname: "t",
        rawLinkname: text("b"),
        type: "symlink",
      }),
    );
    expect(header).toMatchObject({ name: "bytes", linkname: "b" });
  });

  it("a name that is not UTF-8 goes into a PAX record as it is", () => {
    const rawName = new Uint8Array([0x68, 0x80, 0xff]);
    expect(headersOf(encodeTarHeader({ rawName }))[0]).toMatchObject({ rawName, format: "pax" });
  });
});

describe("what cannot be written is refused with ERR_DRAYAGE_USAGE", () => {
  it.each<readonly [TarEntryInput, string]>([
    [{ name: "a\0b" }, 'cannot write the tar entry "a\\u0000b": its PAX record "path" has a NUL'],
    [
      { name: "a/", type: "file" },
      'cannot write the tar entry "a/": a slash ends the name of what is no directory',
    ],
    [
      { name: "a/", type: "fifo" },
      'cannot write the tar entry "a/": a slash ends the name of what is no directory',
    ],
    [{ name: "a", size: -1 }, 'cannot write the tar entry "a": its size is negative, -1'],
    [{ name: "a", size: 1.5 }, 'cannot write the tar entry "a": its size, 1.5, is no integer up to 2^53'],
    [
      { name: "a", uid: Number.NaN },
      'cannot write the tar entry "a": its uid, NaN, is no integer up to 2^53',
    ],
    [
      { name: "a", mtime: { seconds: 1, nanoseconds: 1e9 } },
      'cannot write the tar entry "a": its mtime, 1 seconds and 1000000000 nanoseconds, is no time',
    ],
    [{ name: "a", type: "sparse" }, 'cannot write the tar entry "a": sparse files are not written'],
    [{ name: "a", typeflag: "S" }, 'cannot write the tar entry "a": sparse files are not written'],
    [{ name: "a", type: "other" }, 'cannot write the tar entry "a": its typeflag is not one ASCII character'],
    [
      { name: "a", typeflag: "10" },
      'cannot write the tar entry "a": its typeflag is not one ASCII character',
    ],
    [
      { name: "a", typeflag: "x" },
      'cannot write the tar entry "a": headers of the typeflag x are made where they are needed',
    ],
    [{ name: "é", format: "ustar" }, 'cannot write the tar entry "é": ustar cannot hold its name'],
    [
      { name: "a", size: 2 ** 33, format: "ustar" },
      'cannot write the tar entry "a": ustar cannot hold its size, 8589934592',
    ],
    [
      { name: "a", xattrs: new Map([["a", text("")]]), format: "gnu" },
      'cannot write the tar entry "a": gnu cannot hold extended attributes',
    ],
    [
      { name: "a", mode: 2 ** 21, format: "pax" },
      'cannot write the tar entry "a": ustar cannot hold its mode, 2097152; pax cannot hold its mode, 2097152',
    ],
    [
      { name: "a", mode: 2 ** 21, xattrs: new Map([["a", text("")]]) },
      'cannot write the tar entry "a": ustar cannot hold extended attributes; pax cannot hold its mode, 2097152; gnu cannot hold extended attributes',
    ],
    [
      { name: "a", xattrs: new Map([["a=b", text("")]]) },
      'cannot write the tar entry "a": its extended attribute "a=b" has an "=" in its name, which no tar can hold',
    ],
    [
      { name: "a", xattrs: new Map([["a\0b", text("")]]) },
      'cannot write the tar entry "a": its PAX record "SCHILY.xattr.a\\u0000b" has a NUL',
    ],
    [{ name: "a", pax: new Map([["", text("")]]) }, 'cannot write the tar entry "a": its PAX record "" has'],
    [
      { name: "a", xattrs: new Map([["a", new Uint8Array(1024 * 1024)]]) },
      'cannot write the tar entry "a": its PAX records are more than 1048576 bytes',
    ],
  ])("%o", (entry, message) => {
    expect(refusal(entry).slice(0, message.length)).toBe(message);
  });
});

it("a decoded header makes the same header again", () => {
  const archive = concat(
    encodeTarHeader({ name: "dir/", mode: 0o755, uname: "root", mtime: { seconds: 5, nanoseconds: 0 } }),
    encodeTarHeader({
      name: `${"é".repeat(60)}`,
      size: 0,
      uid: 2 ** 40,
      xattrs: new Map([["user.a", new Uint8Array([0, 255])]]),
    }),
    encodeTarHeader({
      name: "t",
      mtime: { seconds: -5, nanoseconds: 7 },
      atime: { seconds: 2 ** 40, nanoseconds: 0 },
      format: "pax",
    }),
    encodeTarHeader({
      name: "g".repeat(300),
      uid: 2 ** 40,
      ctime: { seconds: -9, nanoseconds: 0 },
      format: "gnu",
    }),
    encodeTarHeader({ name: "l", type: "link", linkname: "x".repeat(101) }),
    encodeTarHeader({ name: "c", type: "character", devmajor: 1, devminor: 3, mode: 0o666 }),
  );
  for (const { header, rawBlocks } of decode(archive).entries)
    expect(encodeTarHeader(header)).toEqual(rawBlocks);
});

it("a v7 header is written as ustar", () => {
  const [header] = headersOf(rawBlock({ name: "old", magic: "\0\0\0\0\0\0\0\0" }));
  if (header === undefined) throw new Error("there is no header");
  expect(header.format).toBe("v7");
  expect(headersOf(encodeTarHeader(header))[0]).toEqual({ ...header, format: "ustar" });
});
