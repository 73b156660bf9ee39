import { describe, expect, it } from "vitest";
import type { TarEntryInput } from "../src/index.ts";
import { reassembleTar, type TarSplitContent } from "../src/tar-split.ts";
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
import { linesOf, namesLeft, packed, reassembled } from "./support/tar-split.ts";

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const file = (
  name: string,
  data = "content",
  more: TarEntryInput = {},
): { header: TarEntryInput; data: Uint8Array } => ({
  header: { ...more, name },
  data: text(data),
});
const zeros = new Uint8Array(1024);

describe("the lines", () => {
  it("are Go's: a segment before each entry, a checksum for each content, null for entries without one", () => {
    const vector = "imma hurr til I derp";
    const archive = wholeArchive({ header: { name: "dir/" } }, file("dir/derp", vector), {
      header: { name: "link", type: "symlink", linkname: "dir/derp" },
    });
    const [directory, derp, link] = [
      archive.subarray(0, 512),
      archive.subarray(512, 1024),
      archive.subarray(1044, 2048),
    ];
    expect(packed(archive)).toBe(
      [
        `{"type":2,"payload":"${base64(directory)}","position":0}`,
        '{"type":1,"name":"dir/","payload":null,"position":1}',
        `{"type":2,"payload":"${base64(derp)}","position":2}`,
        // The vector of tar-split's own tests.
        '{"type":1,"name":"dir/derp","size":20,"payload":"AnSksavsa04=","position":3}',
        `{"type":2,"payload":"${base64(link)}","position":4}`,
        '{"type":1,"name":"link","payload":null,"position":5}',
        `{"type":2,"payload":"${base64(zeros)}","position":6}`,
        "",
      ].join("\n"),
    );
  });

  it("have the checksum of a content in more than ASCII that tar-split's own tests have", () => {
    const [content] = linesOf(packed(wholeArchive(file("x", "café con leche, por favor")))).filter(
      ({ type }) => type === 1,
    );
    expect(content?.payload).toBe(base64(Uint8Array.of(0x7e, 0x48, 0x59, 0xef, 0xe6, 0xfc, 0xa0, 0xbb)));
  });

  it("escape names as Go's encoding/json does", () => {
    const named = (name: string): string | undefined =>
      /"name":("(?:[^"\\]|\\.)*")/.exec(packed(wholeArchive({ header: { name } })))?.[1];
    expect(named("a<b>&c")).toBe(String.raw`"a\u003cb\u003e\u0026c"`);
    expect(named('q"b\\')).toBe(String.raw`"q\"b\\"`);
    expect(named("tab\tline\nreturn\r\u0001\u001f")).toBe(String.raw`"tab\tline\nreturn\r\u0001\u001f"`);
    expect(named("\u2028\u2029")).toBe(String.raw`"\u2028\u2029"`);
    expect(named("\u007fé\u{1f600}\uFEFF\uFFFD")).toBe('"\u007fé\u{1f600}\uFEFF\uFFFD"');
  });

  it("keep a name that is no UTF-8 as bytes", () => {
    const rawName = Uint8Array.of(0x61, 0xff, 0xfe);
    const [entry] = linesOf(packed(wholeArchive({ header: { rawName, format: "gnu" } }))).filter(
      ({ type }) => type === 1,
    );
    expect(entry).toEqual({ type: 1, name_raw: base64(rawName), payload: null, position: 1 });
  });

  it("count a global header as an entry, once for each name", () => {
    const global = extended("g", record("comment", "x"));
    const lines = linesOf(packed(concat(global, global, wholeArchive(file("x")))));
    expect(
      lines.map(({ type, name, payload }) =>
        type === 1 ? name : Buffer.from(payload ?? "", "base64").length,
      ),
    ).toEqual([525, "extended", 1024, 1011, "x", 505 + 1024]);
  });

  it("put what follows the archive's end into segments of at most 512 KiB", () => {
    const trailing = new Uint8Array(1_300_000).fill(7);
    const lines = linesOf(packed(concat(wholeArchive(file("x")), trailing)));
    expect(
      lines.slice(3).map(({ type, payload }) => [type, Buffer.from(payload ?? "", "base64").length]),
    ).toEqual([
      [2, 524_288],
      [2, 524_288],
      [2, 251_424],
    ]);
  });

  it("of an archive of nothing are none", () => {
    expect(packed(new Uint8Array())).toBe("");
  });
});

describe("contents that are kept in the lines, since the folder does not give them back by their name", () => {
  const sparse = concat(
    extended(
      "x",
      record("GNU.sparse.size", "9") + record("GNU.sparse.numblocks", "1") + record("GNU.sparse.map", "0,1"),
    ),
    archiveOf(file("sparse", "s")),
  );
  const gnuSparse = rawBlock({
    name: "old",
    typeflag: "S",
    magic: "ustar  \0",
    size: "00000000001\0",
    patches: [
      [386, "00000000000\0"],
      [398, "00000000001\0"],
      [483, "00000000777\0"],
    ],
  });
  const cases: readonly (readonly [string, Uint8Array, readonly string[]])[] = [
    ["a sparse file of PAX", concat(sparse, zeros), []],
    ["a sparse file of GNU", concat(gnuSparse, text("s"), new Uint8Array(511), zeros), []],
    [
      "a whiteout with content",
      wholeArchive(file("d/.wh.x"), file(".wh..wh..opq"), file(".wh..wh.plnk/1"), file("d/wh.x")),
      ["d/wh.x"],
    ],
    ["a type without meaning", wholeArchive(file("x", "content", { typeflag: "Z" })), []],
    ["the root as a file", wholeArchive(file(".")), []],
    [
      "a name that leaves the root",
      wholeArchive(file("../../x"), file("a/../../y"), file("a/../z")),
      ["a/../z"],
    ],
    ["the same file again", wholeArchive(file("x"), file("./x"), file("/x"), file("x")), ["x"]],
    ["a file where a folder was", wholeArchive({ header: { name: "x/" } }, file("x")), []],
    ["a file where an empty one was", wholeArchive(file("x", ""), file("x")), []],
    [
      "a file behind a link to an absolute path",
      wholeArchive(
        { header: { name: "abs", type: "symlink", linkname: "/usr" } },
        { header: { name: "two", type: "symlink", linkname: "abs/lib" } },
        { header: { name: "hard", type: "link", linkname: "abs" } },
        file("abs/a"),
        file("two/b"),
        file("hard/c"),
        file("usr/d"),
      ),
      ["usr/d"],
    ],
    [
      "a file behind a link that leaves the root",
      wholeArchive(
        { header: { name: "up", type: "symlink", linkname: "../.." } },
        { header: { name: "d/in", type: "symlink", linkname: "../e/./f" } },
        file("up/a"),
        file("d/in/b"),
      ),
      ["d/in/b"],
    ],
    [
      "a file behind links that go round",
      wholeArchive(
        { header: { name: "a", type: "symlink", linkname: "b" } },
        { header: { name: "b", type: "symlink", linkname: "a" } },
        file("a/x"),
      ),
      [],
    ],
    [
      "a file of another name for the same path",
      wholeArchive(
        { header: { name: "lib", type: "symlink", linkname: "usr/lib" } },
        file("lib/x"),
        file("usr/lib/x"),
      ),
      ["lib/x"],
    ],
  ];
  for (const [name, archive, left] of cases) {
    it(name, async () => {
      const lines = packed(archive);
      expect(namesLeft(lines)).toEqual(left);
      expect(latin(await reassembled(lines, () => text("content"))) === latin(archive)).toBe(true);
    });
  }

  it("of any length, in segments of at most 512 KiB", async () => {
    const data = new Uint8Array(1_200_000).map((_, index) => index % 251);
    const archive = wholeArchive({ header: { name: "../x" }, data });
    const lines = packed(archive, [4096]);
    expect(Math.max(...lines.split("\n").map((line) => line.length))).toBeLessThan(700_000);
    expect(latin(await reassembled(lines, () => undefined)) === latin(archive)).toBe(true);
  });
});

describe("an archive that replaces what it has brought is refused", () => {
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    [
      "a file by another of its length",
      wholeArchive(file("x", "one"), file("x", "two")),
      "replaces a file that",
    ],
    ["a file by a longer one", wholeArchive(file("x", "one"), file("./x", "three")), "replaces a file that"],
    ["a file by an empty one", wholeArchive(file("x", "one"), file("x", "")), "replaces a file that"],
    ["a file by a folder", wholeArchive(file("x"), { header: { name: "x/" } }), "replaces a file that"],
    [
      "a file by a folder that is only implied",
      wholeArchive(file("x"), file("x/y")),
      "replaces a file by a folder",
    ],
    [
      "a file by a folder that is only implied, whose name had led round in a circle",
      wholeArchive({ header: { name: "d/l", type: "symlink", linkname: "l" } }, file("d"), file("d/l/x")),
      "replaces a file by a folder",
    ],
    [
      "a file by a link",
      wholeArchive(file("x"), { header: { name: "x", type: "link", linkname: "y" } }),
      "replaces a file that",
    ],
    [
      "a file by its other name",
      wholeArchive(
        { header: { name: "l", type: "symlink", linkname: "d" } },
        file("l/x", "one"),
        file("d/x", "two"),
      ),
      "replaces a file that",
    ],
    [
      "a folder with a file by a link",
      wholeArchive(file("d/e/x"), { header: { name: "d", type: "symlink", linkname: "f" } }),
      "replaces the folder of a file",
    ],
    [
      "a folder with a file by a file",
      wholeArchive(file("d/e/x"), file("d/e", "")),
      "replaces the folder of a file",
    ],
    [
      "a link with a file behind it by a folder",
      wholeArchive({ header: { name: "l", type: "symlink", linkname: "d" } }, file("l/x"), {
        header: { name: "l/" },
      }),
      "replaces the folder of a file",
    ],
    [
      "a link with a file behind it by another",
      wholeArchive({ header: { name: "l", type: "symlink", linkname: "d" } }, file("l/x"), {
        header: { name: "l", type: "symlink", linkname: "e" },
      }),
      "replaces the folder of a file",
    ],
  ];
  for (const [name, archive, message] of cases) {
    it(name, () => {
      expect(() => packed(archive)).toThrow(
        expect.objectContaining({
          code: "ERR_DRAYAGE_ARCHIVE_INVALID",
          message: expect.stringContaining(message),
        }),
      );
    });
  }

  it("but not one that names a folder or a link twice", async () => {
    const archive = wholeArchive(
      { header: { name: "d/" } },
      { header: { name: "l", type: "symlink", linkname: "d" } },
      file("l/x"),
      { header: { name: "d", type: "directory" } },
      { header: { name: "l", type: "symlink", linkname: "d" } },
    );
    const lines = packed(archive);
    expect(
      linesOf(lines)
        .filter(({ type }) => type === 1)
        .map(({ name }) => name),
    ).toEqual(["d/", "l", "l/x"]);
    expect(latin(await reassembled(lines, () => text("content"))) === latin(archive)).toBe(true);
  });
});

describe("an archive is given back byte for byte", () => {
  const large = new Uint8Array(700_001).map((_, index) => (index * 7) % 253);
  const archive = concat(
    wholeArchive(file("x"), { header: { name: "large" }, data: large }, file("y")),
    text("and more"),
  );
  const contents = (name: string): Uint8Array => (name === "large" ? large : text("content"));

  it("in chunks of 256 KiB, whatever pieces the JSON comes in", async () => {
    const lines = packed(archive);
    for (const length of [1, 7, 1000, 1_000_000]) {
      expect(latin(await reassembled(lines, contents, { lengths: [length] })) === latin(archive)).toBe(true);
    }
  });

  it("into one buffer where that may be lent, and into ones of their own else", async () => {
    const buffers = async (borrow: boolean): Promise<{ count: number; lengths: number[] }> => {
      const seen = new Set<ArrayBufferLike>();
      const lengths: number[] = [];
      const open = (rawName: Uint8Array): TarSplitContent => memory(contents(latin(rawName)));
      for await (const chunk of reassembleTar([text(packed(archive))], open, { borrow })) {
        seen.add(chunk.buffer);
        lengths.push(chunk.length);
      }
      return { count: seen.size, lengths };
    };
    const rest = archive.length - 2 * 262_144;
    expect(await buffers(true)).toEqual({ count: 1, lengths: [262_144, 262_144, rest] });
    expect(await buffers(false)).toEqual({ count: 3, lengths: [262_144, 262_144, rest] });
  });

  it("from files that are opened with a promise and read in small pieces; each is closed", async () => {
    let open = 0;
    const opener = async (rawName: Uint8Array): Promise<TarSplitContent> => {
      const content = memory(contents(latin(rawName)));
      open++;
      await Promise.resolve();
      return {
        size: content.size,
        read: (buffer, position) => content.read(buffer.subarray(0, 1000), position),
        close: () => {
          open--;
        },
      };
    };
    const chunks: Uint8Array[] = [];
    for await (const chunk of reassembleTar([text(packed(archive))], opener)) chunks.push(chunk);
    expect(latin(concat(...chunks)) === latin(archive)).toBe(true);
    expect(open).toBe(0);
    // Who leaves in the middle of a file leaves none open either.
    for await (const chunk of reassembleTar([text(packed(archive))], opener)) if (chunk.length > 0) break;
    expect(open).toBe(0);
  });

  it("until it is interrupted", async () => {
    const aborting = new AbortController();
    const read = async (): Promise<void> => {
      const open = (rawName: Uint8Array): TarSplitContent => memory(contents(latin(rawName)));
      for await (const _ of reassembleTar([text(packed(archive))], open, { signal: aborting.signal }))
        aborting.abort();
    };
    await expect(read()).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
  });

  function memory(bytes: Uint8Array): TarSplitContent {
    return {
      size: bytes.length,
      read(buffer, position) {
        const piece = bytes.subarray(position, position + buffer.length);
        buffer.set(piece);
        return piece.length;
      },
      close() {},
    };
  }
});
