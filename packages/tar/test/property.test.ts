import fc from "fast-check";
import { expect, it } from "vitest";
import {
  encodeTarHeader,
  scanTar,
  type TarEntryInput,
  type TarHeader,
  type TarTime,
  tarEnd,
} from "../src/index.ts";
import { archiveOf, concat, latin, wholeArchive } from "./support/archive.ts";
import { type Decoded, decode } from "./support/decode.ts";

const withoutNul = (value: string): boolean => !value.includes("\0");
const anyText = fc.string({ unit: "binary", maxLength: 300 }).filter(withoutNul);
const asciiText = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: "grapheme-ascii", maxLength }).filter(withoutNul);
const name = fc.oneof(
  anyText,
  asciiText(260),
  fc.array(asciiText(60), { maxLength: 8 }).map((parts) => parts.join("/")),
);
const safeInteger = fc.integer({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
const octal7 = fc.integer({ min: 0, max: 0o7777777 });
const time = (seconds: fc.Arbitrary<number>, nanoseconds: fc.Arbitrary<number>): fc.Arbitrary<TarTime> =>
  fc.record({ seconds, nanoseconds });
const anyTime = time(
  fc.integer({ min: 1 - Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER - 1 }),
  fc.integer({ min: 0, max: 999_999_999 }),
);
const wholeTime = time(safeInteger, fc.constant(0));
const type = fc.constantFrom("file", "link", "symlink", "character", "block", "directory", "fifo");
const keyword = fc
  .string({ unit: "binary", maxLength: 40 })
  .filter((key) => withoutNul(key) && !key.includes("="));
const bytes = fc.uint8Array({ maxLength: 300 });
const chunking = fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 8 });

function isWritable({ name: text, type: kind }: { name: string; type: string }): boolean {
  return !text.endsWith("/") || kind === "directory" || kind === "link" || kind === "symlink";
}

const paxEntry = fc
  .record(
    {
      name,
      type,
      size: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 100_000 }),
      linkname: name,
      mode: octal7,
      uid: safeInteger,
      gid: safeInteger,
      uname: anyText,
      gname: anyText,
      devmajor: octal7,
      devminor: octal7,
      mtime: anyTime,
      atime: anyTime,
      ctime: anyTime,
      xattrs: fc
        .dictionary(keyword, bytes, { maxKeys: 5, noNullPrototype: true })
        .map((record) => new Map(Object.entries(record))),
      pax: fc
        .dictionary(
          keyword.map((key) => `VENDOR.${key}`),
          bytes,
          { maxKeys: 5, noNullPrototype: true },
        )
        .map((record) => new Map(Object.entries(record))),
    },
    { requiredKeys: ["name", "type"] },
  )
  .filter(isWritable);

const gnuEntry = fc
  .record(
    {
      name: asciiText(300),
      rawName: fc.uint8Array({ min: 1, maxLength: 300 }).filter((raw) => raw[raw.length - 1] !== 0x2f),
      type,
      size: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 100_000 }),
      rawLinkname: fc.uint8Array({ min: 1, maxLength: 300 }),
      mode: safeInteger,
      uid: safeInteger,
      gid: safeInteger,
      uname: asciiText(32),
      gname: asciiText(32),
      devmajor: safeInteger,
      devminor: safeInteger,
      mtime: wholeTime,
      atime: wholeTime,
      ctime: wholeTime,
    },
    { requiredKeys: ["name", "type"] },
  )
  .filter(isWritable);

const encoder = new TextEncoder();
const zeroTime: TarTime = { seconds: 0, nanoseconds: 0 };

/** What a reader must tell of an entry, its format and its PAX records apart. */
function expected(entry: TarEntryInput): Partial<TarHeader> {
  const isFile = entry.type === "file";
  return {
    rawName: entry.rawName ?? encoder.encode(entry.name),
    type: entry.type ?? "file",
    size: isFile ? (entry.size ?? 0) : 0,
    declaredSize: entry.size ?? 0,
    rawLinkname: entry.rawLinkname ?? encoder.encode(entry.linkname ?? ""),
    mode: entry.mode ?? 0,
    uid: entry.uid ?? 0,
    gid: entry.gid ?? 0,
    uname: entry.uname ?? "",
    gname: entry.gname ?? "",
    devmajor: entry.devmajor ?? 0,
    devminor: entry.devminor ?? 0,
    mtime: entry.mtime ?? zeroTime,
    atime: entry.atime,
    ctime: entry.ctime,
    xattrs: entry.xattrs ?? new Map(),
  };
}

function firstHeader(entry: TarEntryInput): TarHeader {
  const blocks = encodeTarHeader(entry);
  // A file system with a hole for the data: only the headers are there to be read.
  const read = (position: number, length: number): Uint8Array => blocks.subarray(position, position + length);
  const { value } = scanTar({ size: Number.MAX_SAFE_INTEGER, read }).next();
  if (value === undefined) throw new Error("there is no entry");
  expect(latin(value.rawBlocks)).toBe(latin(blocks));
  return value.header;
}

it("a PAX header says again all that was put in, to the nanosecond and the byte", () => {
  fc.assert(
    fc.property(paxEntry, (entry) => {
      const header = firstHeader({ ...entry, format: "pax" });
      expect(header).toMatchObject(expected(entry));
      for (const [key, value] of entry.pax ?? []) expect(header.pax.get(key)).toEqual(value);
      expect(["ustar", "pax"]).toContain(header.format);
      const again = encodeTarHeader({ ...entry, size: header.size, format: "pax" });
      expect(latin(encodeTarHeader(header))).toBe(latin(again));
    }),
    { numRuns: 200 },
  );
});

it("a GNU header says again all that was put in, names of any bytes too", () => {
  fc.assert(
    fc.property(gnuEntry, (entry) => {
      const header = firstHeader({ ...entry, format: "gnu" });
      expect(header).toMatchObject(expected(entry));
      expect(header.format).toBe("gnu");
    }),
    { numRuns: 200 },
  );
});

it("a header of no given format says again all but the other times and the parts of a second", () => {
  fc.assert(
    fc.property(paxEntry, (entry) => {
      const { seconds, nanoseconds } = entry.mtime ?? zeroTime;
      const mtime = { seconds: seconds + (nanoseconds >= 500_000_000 ? 1 : 0), nanoseconds: 0 };
      expect(firstHeader(entry)).toMatchObject(
        expected({ ...entry, mtime, atime: undefined, ctime: undefined }),
      );
    }),
    { numRuns: 150 },
  );
});

const entryWithData = fc.tuple(paxEntry, fc.uint8Array({ maxLength: 1500 })).map(([entry, data]) => ({
  header: { ...entry, type: "file" as const, name: `f${entry.name}f`, size: data.length },
  data,
}));

/** All that a decoder tells, as text. */
function story({ entries, globals, endBlocks, trailing }: Decoded): unknown {
  return {
    entries: entries.map(({ header, rawBlocks, headerOffset, dataOffset, data, padding }) => [
      header.name,
      headerOffset,
      dataOffset,
      latin(rawBlocks),
      latin(data),
      latin(padding),
    ]),
    globals: globals.map(({ rawBlocks, headerOffset }) => [headerOffset, latin(rawBlocks)]),
    endBlocks,
    trailing: latin(trailing),
  };
}

it("however an archive is cut into chunks, its events are the same and carry every byte", () => {
  fc.assert(
    fc.property(
      fc.array(entryWithData, { maxLength: 5 }),
      chunking,
      fc.uint8Array({ maxLength: 700 }),
      (entries, lengths, rest) => {
        const archive = concat(wholeArchive(...entries), rest);
        const decoded = decode(archive, lengths);
        expect(latin(decoded.bytes)).toBe(latin(archive));
        expect(latin(decoded.trailing)).toBe(latin(rest));
        expect(decoded.entries.map(({ data }) => latin(data))).toEqual(
          entries.map(({ data }) => latin(data)),
        );
        expect(story(decoded)).toEqual(story(decode(archive)));
      },
    ),
    { numRuns: 100 },
  );
});

it("a scan finds what a decoder finds, and reads headers only", () => {
  fc.assert(
    fc.property(
      fc.array(entryWithData, { maxLength: 6 }),
      fc.integer({ min: 1, max: 600 }),
      (entries, most) => {
        const archive = concat(archiveOf(...entries), tarEnd());
        const { entries: decoded } = decode(archive);
        const isData = new Uint8Array(archive.length);
        for (const { dataOffset, header } of decoded) isData.fill(1, dataOffset, dataOffset + header.size);
        const read = (position: number, length: number): Uint8Array => {
          const end = Math.min(position + length, position + most);
          expect(isData.subarray(position, end).includes(1)).toBe(false);
          return archive.subarray(position, end);
        };
        const found = [...scanTar({ size: archive.length, read })];
        expect(found.map(({ rawBlocks, headerOffset }) => [headerOffset, latin(rawBlocks)])).toEqual(
          decoded.map(({ rawBlocks, headerOffset }) => [headerOffset, latin(rawBlocks)]),
        );
        for (const [index, { header, dataOffset }] of found.entries()) {
          const data = archive.subarray(dataOffset, dataOffset + header.size);
          expect(latin(data)).toBe(latin(entries[index]?.data ?? new Uint8Array()));
        }
      },
    ),
    { numRuns: 100 },
  );
});
