import { isDrayageError } from "@drayage/errors";
import { describe, expect, it } from "vitest";
import { TarDecoder, tarEnd, tarPadding } from "../src/index.ts";
import {
  archiveOf,
  concat,
  extended,
  latin,
  rawBlock,
  record,
  text,
  wholeArchive,
} from "./support/archive.ts";
import { decode, headersOf, thrownBy } from "./support/decode.ts";

describe("header blocks", () => {
  it("an old header without magic has no prefix, owner names or devices", () => {
    const block = rawBlock({
      name: "old",
      typeflag: "\0",
      magic: "\0\0\0\0\0\0\0\0",
      patches: [
        [265, "root"],
        [345, "prefix"],
      ],
    });
    const [header] = headersOf(block);
    expect(header).toMatchObject({
      name: "old",
      type: "file",
      typeflag: "\0",
      uname: "",
      format: "v7",
      mode: 0o644,
    });
  });

  it("an entry of typeflag NUL whose name ends in a slash is a directory, as in Go, and has no data", () => {
    const [first, second] = headersOf(
      concat(
        rawBlock({ name: "d/", typeflag: "\0", size: "00000001000\0" }),
        rawBlock({ name: "f/", typeflag: "7" }),
      ),
    );
    expect(first).toMatchObject({ type: "directory", size: 0, declaredSize: 512 });
    expect(second).toMatchObject({ type: "file", typeflag: "7" });
  });

  it("a ustar prefix comes before the name", () => {
    expect(headersOf(rawBlock({ name: "b", patches: [[345, "a/c"]] }))[0]).toMatchObject({
      name: "a/c/b",
      format: "ustar",
    });
  });

  it("a star header has a shorter prefix, and times after it", () => {
    const patches = [
      [345, "p".repeat(131)],
      [476, "00000000001\0"],
      [488, "00000000002\0"],
      [508, "tar\0"],
    ] as const;
    expect(headersOf(rawBlock({ name: "b", patches }))[0]).toMatchObject({
      name: `${"p".repeat(131)}/b`,
      atime: { seconds: 1, nanoseconds: 0 },
      ctime: { seconds: 2, nanoseconds: 0 },
      format: "star",
    });
  });

  it("a GNU header has times where ustar has its prefix", () => {
    const patches = [
      [345, "00000000007\0"],
      [357, "00000000010\0"],
    ] as const;
    expect(headersOf(rawBlock({ name: "b", magic: "ustar  \0", patches }))[0]).toMatchObject({
      name: "b",
      atime: { seconds: 7, nanoseconds: 0 },
      ctime: { seconds: 8, nanoseconds: 0 },
      format: "gnu",
    });
  });

  it("a prefix in a GNU header, as Go wrote it before 1.8, is taken for one", () => {
    const block = rawBlock({ name: "b", magic: "ustar  \0", patches: [[345, "some/prefix"]] });
    expect(headersOf(block)[0]).toMatchObject({ name: "some/prefix/b", atime: undefined, format: "unknown" });
  });

  it("numbers may be padded with spaces and NULs on both sides, and end without a NUL", () => {
    const block = rawBlock({ mode: " 0644 \0\0", size: "\0 00000003 \0", mtime: "777777777777" });
    expect(headersOf(concat(block, text("abc"), tarPadding(3)))[0]).toMatchObject({
      mode: 0o644,
      size: 3,
      mtime: { seconds: 0o777777777777, nanoseconds: 0 },
      format: "unknown",
    });
  });

  it("base 256 gives large, small and negative numbers", () => {
    const size = new Uint8Array([0x80, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0]);
    const mtime = new Uint8Array(12).fill(0xff);
    mtime[11] = 0xfe;
    const decoder = new TarDecoder();
    decoder.push(
      rawBlock({
        size,
        mtime,
        magic: "ustar  \0",
        patches: [[108, new Uint8Array([0x80, 0, 0, 0, 0xb2, 0xd0, 0x5e, 0])]],
      }),
    );
    const event = decoder.next();
    expect(event?.type === "header" && event.header).toMatchObject({
      size: 2 ** 33,
      mtime: { seconds: -2, nanoseconds: 0 },
      uid: 3_000_000_000,
    });
  });

  it("both sums are accepted as checksum, of signed and of unsigned bytes", () => {
    const name = "é".repeat(5);
    expect(headersOf(rawBlock({ name, checksum: "signed" }))[0]?.name).toBe(name);
    expect(headersOf(rawBlock({ name, checksum: "unsigned" }))[0]?.name).toBe(name);
    expect(latin(rawBlock({ name, checksum: "signed" }))).not.toBe(
      latin(rawBlock({ name, checksum: "unsigned" })),
    );
  });

  it("a name that is not UTF-8 keeps its bytes, and a byte order mark is part of a name", () => {
    const [first, second] = headersOf(
      concat(rawBlock({ patches: [[0, new Uint8Array([0x68, 0xff, 0])]] }), rawBlock({ name: "\ufeffx" })),
    );
    expect(first).toMatchObject({ name: "h\ufffd", rawName: new Uint8Array([0x68, 0xff]) });
    expect(second?.name).toBe("\ufeffx");
  });

  it("links, devices, directories and fifos have no data, whatever size they give", () => {
    const types = ["link", "symlink", "character", "block", "directory", "fifo"];
    const archive = concat(
      ...[1, 2, 3, 4, 5, 6].map((flag) => rawBlock({ typeflag: String(flag), size: "00000000777\0" })),
    );
    expect(headersOf(archive).map(({ type, size, declaredSize }) => [type, size, declaredSize])).toEqual(
      types.map((type) => [type, 0, 0o777]),
    );
  });

  it("other typeflags have the data that they say", () => {
    const { entries } = decode(
      concat(rawBlock({ typeflag: "V", size: "00000000003\0" }), text("abc"), tarPadding(3)),
    );
    expect(entries[0]?.header).toMatchObject({ type: "other", typeflag: "V" });
    expect(entries[0]?.data).toEqual(text("abc"));
  });
});

describe("extended headers", () => {
  const file = rawBlock({ name: "short", linkname: "l" });

  it("PAX records take the place of the header's fields, and an empty one of none", () => {
    const body = [
      record("path", "a/ü"),
      record("linkpath", "target"),
      record("uid", "3000000000"),
      record("gid", "-1"),
      record("uname", ""),
      record("gname", "staff"),
      record("mtime", "-1.25"),
      record("atime", "4102444800.123456789123"),
      record("ctime", "5."),
      record("size", "0003"),
      record("comment", "x=y\n"),
    ].join("");
    const { entries } = decode(concat(extended("x", body), file, text("abc"), tarPadding(3)));
    expect(entries[0]?.header).toMatchObject({
      name: "a/ü",
      rawName: text("a/ü"),
      linkname: "target",
      uid: 3_000_000_000,
      gid: -1,
      uname: "",
      gname: "staff",
      mtime: { seconds: -2, nanoseconds: 750_000_000 },
      atime: { seconds: 4_102_444_800, nanoseconds: 123_456_789 },
      ctime: { seconds: 5, nanoseconds: 0 },
      size: 3,
      format: "pax",
    });
    expect(entries[0]?.header.pax.get("comment")).toEqual(text("x=y\n"));
    expect(entries[0]?.data).toEqual(text("abc"));
  });

  it("extended attributes are bytes; libarchive's are told where SCHILY's of the name are not", () => {
    const body = concat(
      text("32 SCHILY.xattr.user.binary="),
      new Uint8Array([0, 0xff, 0x0a]),
      text("\n"),
      text(record("LIBARCHIVE.xattr.user.binary", "AAAA")),
      text(record("LIBARCHIVE.xattr.user.%3d%C3%BC", "/wo")),
      text(record("LIBARCHIVE.xattr.user.bad%", "AAAA")),
    );
    const [header] = headersOf(concat(extended("x", body), file));
    expect([...(header?.xattrs ?? [])]).toEqual([
      ["user.binary", new Uint8Array([0, 0xff, 0x0a])],
      ["user.=ü", new Uint8Array([0xff, 0x0a])],
    ]);
  });

  it("records hold for one entry only, and of two PAX headers in a row the last counts", () => {
    const archive = concat(
      extended("x", record("path", "one") + record("uname", "u")),
      extended("x", record("path", "two")),
      file,
      file,
    );
    expect(headersOf(archive).map(({ name, uname }) => [name, uname])).toEqual([
      ["two", ""],
      ["short", ""],
    ]);
  });

  it("GNU long names and links end at their first NUL, and stand above PAX records", () => {
    const gnu = "ustar  \0";
    const archive = concat(
      extended("x", record("path", "pax")),
      extended("L", `${"n".repeat(300)}\0junk`, gnu),
      extended("K", `${"k".repeat(200)}\0`, gnu),
      rawBlock({ magic: gnu, typeflag: "2" }),
      extended("L", "\0", gnu),
      rawBlock({ name: "own", magic: gnu }),
    );
    expect(headersOf(archive).map(({ name, linkname, format }) => [name, linkname, format])).toEqual([
      ["n".repeat(300), "k".repeat(200), "unknown"],
      ["own", "", "gnu"],
    ]);
  });

  it("a global header is told and changes no entry, as in Go", () => {
    const archive = concat(extended("g", record("path", "all") + record("comment", "c")), file, tarEnd());
    const { entries, globals, bytes } = decode(archive);
    expect(entries[0]?.header).toMatchObject({ name: "short", format: "ustar" });
    expect(entries[0]?.headerOffset).toBe(1024);
    expect(globals.map(({ records, headerOffset }) => [[...records], headerOffset])).toEqual([
      [
        [
          ["path", text("all")],
          ["comment", text("c")],
        ],
        0,
      ],
    ]);
    expect(bytes).toEqual(archive);
  });
});

describe("sparse files", () => {
  const gnu = "ustar  \0";
  const octal = (value: number): string => `${value.toString(8).padStart(11, "0")}\0`;

  it("an old GNU header gives its map, with the extension blocks among the raw ones", () => {
    const map = Array.from({ length: 26 }, (_, index) => octal(index * 1024) + octal(512)).join("");
    const extensions = new Uint8Array(1024);
    extensions.set(text(map.slice(4 * 24, 25 * 24)));
    extensions[504] = 1;
    extensions.set(text(map.slice(25 * 24)), 512);
    const block = rawBlock({
      typeflag: "S",
      magic: gnu,
      size: octal(512 * 26),
      patches: [
        [386, map.slice(0, 4 * 24)],
        [482, "\x01"],
        [483, octal(40_000)],
      ],
    });
    const data = new Uint8Array(512 * 26).fill(7);
    const archive = concat(block, extensions, data, tarEnd());
    const { entries, bytes } = decode(archive, [100]);
    expect(entries[0]?.header).toMatchObject({
      type: "sparse",
      size: 512 * 26,
      sparse: { version: "gnu", realSize: 40_000 },
    });
    expect(entries[0]?.header.sparse?.fragments).toEqual(
      Array.from({ length: 26 }, (_, index) => ({ offset: index * 1024, length: 512 })),
    );
    expect(entries[0]?.rawBlocks.length).toBe(3 * 512);
    expect(entries[0]?.data).toEqual(data);
    expect(bytes).toEqual(archive);
  });

  it.each([
    [
      "0.0",
      record("GNU.sparse.offset", "1") +
        record("GNU.sparse.numbytes", "2") +
        record("GNU.sparse.offset", "5") +
        record("GNU.sparse.numbytes", "1"),
    ],
    ["0.1", record("GNU.sparse.map", "1,2,5,1")],
  ])("PAX records of version %s give the map", (version, map) => {
    const body =
      record("GNU.sparse.size", "9") +
      record("GNU.sparse.numblocks", "2") +
      map +
      record("GNU.sparse.name", "real");
    const [header] = headersOf(
      concat(extended("x", body), rawBlock({ size: octal(3) }), text("abc"), tarPadding(3)),
    );
    expect(header).toMatchObject({
      name: "real",
      type: "sparse",
      typeflag: "0",
      size: 3,
      sparse: {
        version,
        realSize: 9,
        fragments: [
          { offset: 1, length: 2 },
          { offset: 5, length: 1 },
        ],
      },
    });
  });

  it("PAX records of version 1.0 leave the map in the data", () => {
    const body =
      record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") + record("GNU.sparse.realsize", "9");
    const [header] = headersOf(concat(extended("x", body), rawBlock({})));
    expect(header).toMatchObject({
      type: "sparse",
      sparse: { version: "1.0", realSize: 9, fragments: undefined },
    });
  });

  it("a version that is not known is a plain file, as in Go", () => {
    const body = record("GNU.sparse.major", "2") + record("GNU.sparse.minor", "0");
    expect(headersOf(concat(extended("x", body), rawBlock({})))[0]).toMatchObject({
      type: "file",
      sparse: undefined,
    });
  });

  it.each([
    ["overlapping", "0,2,1,2", "2"],
    ["beyond its end", "8,2,0,0", "2"],
    ["negative", "-1,2,0,0", "2"],
    ["longer than it says", "0,1,2,1", "1"],
    ["no numbers", "a,1", "1"],
  ])("a map that is %s is refused", (_, map, count) => {
    const body =
      record("GNU.sparse.size", "9") + record("GNU.sparse.numblocks", count) + record("GNU.sparse.map", map);
    const error = thrownBy(() => headersOf(concat(extended("x", body), rawBlock({}))));
    expect(isDrayageError(error, "ERR_DRAYAGE_ARCHIVE_INVALID")).toBe(true);
    expect((error as Error).message).toMatch(/^tar entry "x" at offset 0: the map of a sparse file /);
  });

  it("star's own sparse headers are refused, as in Go", () => {
    const error = thrownBy(() => headersOf(rawBlock({ typeflag: "S" })));
    expect((error as Error).message).toBe(
      'tar entry "x" at offset 0: it is sparse in a form other than GNU tar\'s',
    );
  });
});

describe("the archive's end", () => {
  const entry = archiveOf({ header: { name: "a" }, data: text("abc") });

  it.each([
    ["two zero blocks", concat(entry, tarEnd()), 2],
    ["one zero block", concat(entry, new Uint8Array(512)), 1],
    ["none", entry, 0],
    ["none, and no padding after the last data", entry.subarray(0, 515), 0],
    ["nothing at all", new Uint8Array(), 0],
  ])("%s will do, as in Go", (_, archive, blocks) => {
    const { endBlocks, bytes, trailing } = decode(archive);
    expect(endBlocks).toBe(blocks);
    expect(trailing.length).toBe(0);
    expect(bytes).toEqual(archive);
  });

  it("what follows the zero blocks is told as it is, and not read as entries", () => {
    const archive = concat(entry, tarEnd(), entry, text("junk"));
    const { entries, trailing, bytes } = decode(archive, [7]);
    expect(entries.length).toBe(1);
    expect(trailing).toEqual(concat(entry, text("junk")));
    expect(bytes).toEqual(archive);
  });

  it("padding that is not zero is told as it is", () => {
    const archive = wholeArchive({ header: { name: "a" }, data: text("abc") });
    archive.fill(0x55, 515, 1024);
    const { entries, bytes } = decode(archive, [11]);
    expect(entries[0]?.padding).toEqual(new Uint8Array(509).fill(0x55));
    expect(bytes).toEqual(archive);
  });
});

describe("pushing and skipping", () => {
  const archive = wholeArchive(
    { header: { name: "a" }, data: new Uint8Array(1000).fill(1) },
    { header: { name: "b", rawName: text("b") }, data: text("b") },
  );

  it("data events are views of the pushed chunk", () => {
    const decoder = new TarDecoder();
    decoder.push(archive);
    decoder.next();
    const event = decoder.next();
    expect(event?.type === "data" && event.bytes.buffer).toBe(archive.buffer);
    expect(event?.type === "data" && event.bytes.byteOffset).toBe(512);
  });

  it("several chunks may be pushed before events are taken", () => {
    const decoder = new TarDecoder();
    for (let offset = 0; offset < archive.length; offset += 100)
      decoder.push(archive.subarray(offset, offset + 100));
    const names: string[] = [];
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
      if (event.type === "header") names.push(event.header.name);
    }
    expect(names).toEqual(["a", "b"]);
  });

  it("skipData says how much input to leave out", () => {
    const decoder = new TarDecoder();
    decoder.push(archive.subarray(0, 600));
    expect(decoder.next()).toMatchObject({ type: "header", dataOffset: 512 });
    expect(decoder.skipData()).toBe(1024 - 88);
    expect(decoder.skipData()).toBe(0);
    expect(decoder.next()).toEqual({ type: "entry-end", padding: undefined });
    expect(decoder.next()).toBeUndefined();
    expect(decoder.wanted()).toBe(512);
    decoder.push(archive.subarray(1536));
    expect(decoder.next()).toMatchObject({
      type: "header",
      headerOffset: 1536,
      dataOffset: 2048,
      header: { name: "b" },
    });
    expect(decoder.skipData()).toBe(0);
    expect(decoder.next()).toMatchObject({ type: "entry-end" });
    expect(decoder.next()).toMatchObject({ type: "end", offset: 2560 });
    decoder.finish();
    expect(decoder.next()).toBeUndefined();
  });

  it("skipData may come after some of the data", () => {
    const decoder = new TarDecoder();
    decoder.push(archive.subarray(0, 600));
    decoder.next();
    expect(decoder.next()).toMatchObject({ type: "data" });
    expect(decoder.skipData()).toBe(1000 - 88 + 24);
  });

  it("wanted is what the next event still needs", () => {
    const decoder = new TarDecoder();
    expect(decoder.wanted()).toBe(512);
    decoder.push(archive.subarray(0, 12));
    expect(decoder.wanted()).toBe(500);
    decoder.push(archive.subarray(12, 512));
    expect(decoder.wanted()).toBe(0);
    decoder.next();
    expect(decoder.wanted()).toBe(1);
  });

  it("finish before all events are taken, and input after it, are refused", () => {
    const decoder = new TarDecoder();
    decoder.push(archive);
    expect(
      isDrayageError(
        thrownBy(() => decoder.finish()),
        "ERR_DRAYAGE_USAGE",
      ),
    ).toBe(true);
    while (decoder.next() !== undefined);
    decoder.finish();
    expect(
      isDrayageError(
        thrownBy(() => decoder.push(archive)),
        "ERR_DRAYAGE_USAGE",
      ),
    ).toBe(true);
  });

  it("after an error every call throws it again", () => {
    const decoder = new TarDecoder();
    decoder.push(new Uint8Array(512).fill(1));
    const error = thrownBy(() => decoder.next());
    expect(thrownBy(() => decoder.next())).toBe(error);
    expect(thrownBy(() => decoder.push(archive))).toBe(error);
    expect(thrownBy(() => decoder.finish())).toBe(error);
    expect(thrownBy(() => decoder.skipData())).toBe(error);
  });
});
