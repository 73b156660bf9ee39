import { Readable } from "node:stream";
import type { DrayageError } from "@drayage/errors";
import fc from "fast-check";
import { extract, type Header, pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { type TarEntryInput, type TarWriteEntry, writeTar } from "../src/index.ts";
import { fromTarStream, fromTarStreamHeader, toTarStream, toTarStreamHeader } from "../src/tar-stream.ts";
import { concat, latin, text, wholeArchive } from "./support/archive.ts";
import { decode, thrownBy } from "./support/decode.ts";

async function collect(chunks: AsyncIterable<unknown>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push((chunk as Uint8Array).slice());
  return concat(...parts);
}

interface Extracted {
  readonly header: Header;
  readonly data: string;
}

/** What tar-stream reads of an archive. */
async function extracted(archive: Uint8Array): Promise<Extracted[]> {
  const stream = extract();
  stream.end(archive);
  const found: Extracted[] = [];
  for await (const source of stream)
    found.push({ header: source.header, data: latin(await collect(source)) });
  return found;
}

/** An archive that tar-stream writes. */
async function packed(entries: Iterable<TarWriteEntry>): Promise<Uint8Array> {
  const stream = pack();
  const [archive] = await Promise.all([collect(stream), toTarStream(entries, stream)]);
  return archive;
}

const plainText = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength }).filter((value) => !/[\0/=]/.test(value));
const plainName = fc.oneof(
  fc.array(plainText(30), { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/")),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 80 }).filter((value) => !/[\0/]/.test(value)),
);

/** Entries that tar-stream writes and reads as they are. */
const plainEntry = fc
  .record({
    name: plainName,
    type: fc.constantFrom<"file" | "symlink" | "link" | "fifo" | "character">(
      "file",
      "symlink",
      "link",
      "fifo",
      "character",
    ),
    target: plainName,
    mode: fc.integer({ min: 1, max: 0o7777 }),
    uid: fc.integer({ min: 0, max: 0o777777 }),
    gid: fc.integer({ min: 0, max: 0o777777 }),
    seconds: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    uname: plainText(31),
    gname: plainText(31),
    devmajor: fc.integer({ min: 0, max: 255 }),
    data: fc.uint8Array({ maxLength: 1500 }),
  })
  .map(({ type, target, seconds, data, ...rest }): TarWriteEntry & { body: Uint8Array } => {
    const body = type === "file" ? data : new Uint8Array();
    const linkname = type === "symlink" || type === "link" ? target : "";
    return {
      header: { ...rest, type, linkname, size: body.length, mtime: { seconds, nanoseconds: 0 } },
      body,
    };
  });

describe("where tar-stream is right, both read the same", () => {
  const fieldsOfBoth = [
    "name",
    "mode",
    "uid",
    "gid",
    "size",
    "linkname",
    "uname",
    "gname",
    "devmajor",
  ] as const;

  it("what we write", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(plainEntry, { maxLength: 4 }), async (entries) => {
        const archive = wholeArchive(...entries.map(({ header, body }) => ({ header, data: body })));
        const found = await extracted(archive);
        expect(found.map(({ data }) => data)).toEqual(entries.map(({ body }) => latin(body)));
        for (const [index, { header }] of found.entries()) {
          const wanted = toTarStreamHeader(entries[index]?.header ?? {});
          for (const field of fieldsOfBoth) expect(header[field] ?? "").toEqual(wanted[field]);
          expect([header.type, header.mtime]).toEqual([wanted.type, wanted.mtime]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("what it writes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(plainEntry, { maxLength: 4 }), async (entries) => {
        const archive = await packed(entries);
        const decoded = decode(archive, [333]);
        expect(latin(decoded.bytes)).toBe(latin(archive));
        expect(decoded.entries.map(({ data }) => latin(data))).toEqual(
          entries.map(({ body }) => latin(body)),
        );
        for (const [index, { header }] of decoded.entries.entries()) {
          expect(header).toMatchObject(entries[index]?.header ?? {});
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("toTarStream keeps what tar-stream alone would clip", () => {
  const entry: TarEntryInput = {
    name: "big",
    type: "file",
    size: 0,
    mode: 0o644,
    uid: 3_000_000_000,
    gid: 262_144,
    mtime: { seconds: 2 ** 31, nanoseconds: 5 },
    atime: { seconds: -1, nanoseconds: 0 },
    uname: "u".repeat(40),
    gname: "ü",
    xattrs: new Map([["user.text", text("ü")]]),
  };

  it("in PAX records, which we read", async () => {
    expect(decode(await packed([{ header: entry }])).entries[0]?.header).toMatchObject(entry);
  });

  it("and which fromTarStream reads too", async () => {
    const stream = extract();
    stream.end(await packed([{ header: entry }]));
    for await (const { header } of fromTarStream(stream)) {
      const { xattrs, ...rest } = entry;
      expect(header).toMatchObject(rest);
      expect(header.pax?.get("SCHILY.xattr.user.text")).toEqual(text("ü"));
    }
  });

  it.each<readonly [TarEntryInput, string]>([
    [
      { name: "a", xattrs: new Map([["security.capability", new Uint8Array([1, 0, 0, 2, 0xff])]]) },
      "its extended attribute security.capability, which is not UTF-8",
    ],
    [{ name: "a", rawName: new Uint8Array([0xff]) }, "its name, which is not UTF-8"],
    [
      { name: "a", rawLinkname: new Uint8Array([0xff]), type: "symlink" },
      "its link's target, which is not UTF-8",
    ],
    [{ name: "a", devmajor: 0o1000000, type: "block" }, "its devmajor, 262144"],
    [{ name: "a", type: "sparse" }, "its type, sparse"],
  ])("%o is refused with ERR_DRAYAGE_USAGE", (header, what) => {
    const error = thrownBy(() => toTarStreamHeader(header)) as DrayageError;
    expect([error.code, error.message]).toEqual([
      "ERR_DRAYAGE_USAGE",
      `tar-stream cannot write ${what}, of the entry "a"`,
    ]);
  });

  it.each<readonly [Uint8Array, string]>([
    [text("abc"), 'the body of the tar entry "a" has only 3 bytes where its header says 4'],
    [text("abcde"), 'the body of the tar entry "a" has more bytes where its header says 4'],
  ])("a body of another size destroys the pack", async (body, message) => {
    const stream = pack();
    const reading = collect(stream).then(
      () => "read",
      (error: unknown) => (error as Error).message,
    );
    await expect(toTarStream([{ header: { name: "a", size: 4 }, body: [body] }], stream)).rejects.toThrow(
      message,
    );
    expect(await reading).toBe(message);
  });

  it("a pack that is destroyed ends the writing", async () => {
    const stream = pack();
    const writing = toTarStream(
      [{ header: { name: "a", size: 10_000_000 }, body: new Array(100).fill(new Uint8Array(100_000)) }],
      stream,
    );
    stream.on("error", () => {});
    setTimeout(() => stream.destroy(new Error("gone")), 5);
    await expect(writing).rejects.toThrow("gone");
  });
});

describe("fromTarStream", () => {
  it("gives entries that writeTar takes", async () => {
    const archive = wholeArchive(
      { header: { name: "d/", mode: 0o755 } },
      {
        header: { name: "d/f", mode: 0o644, mtime: { seconds: 5, nanoseconds: 0 } },
        data: new Uint8Array(2000).fill(3),
      },
      { header: { name: "d/skipped", mode: 0o644 }, data: text("skipped") },
      { header: { name: "é".repeat(60), mode: 0o600, uid: 2 ** 33 } },
    );
    const stream = extract();
    Readable.from([archive]).pipe(stream);
    expect(latin(await collect(writeTar(fromTarStream(stream))))).toBe(latin(archive));
  });

  it("passes over bodies that are not taken", async () => {
    const stream = extract();
    stream.end(
      wholeArchive({ header: { name: "a" }, data: new Uint8Array(100_000) }, { header: { name: "b" } }),
    );
    const names: (string | undefined)[] = [];
    for await (const { header } of fromTarStream(stream)) names.push(header.name);
    expect(names).toEqual(["a", "b"]);
  });

  it("a PAX record that is no number is refused with ERR_DRAYAGE_ARCHIVE_INVALID", () => {
    const header: Header = {
      name: "a",
      type: "file",
      size: 0,
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: new Date(-1),
      linkname: "",
      uname: "",
      gname: "",
      devmajor: 0,
      devminor: 0,
    };
    expect(fromTarStreamHeader(header).mtime).toEqual({ seconds: -1, nanoseconds: 999_000_000 });
    const error = thrownBy(() => fromTarStreamHeader({ ...header, pax: { uid: "x" } })) as DrayageError;
    expect([error.code, error.message]).toEqual([
      "ERR_DRAYAGE_ARCHIVE_INVALID",
      'tar entry "a": its PAX record uid is malformed',
    ]);
  });
});
