import { DrayageError } from "@drayage/errors";
import { describe, expect, it } from "vitest";
import { encodeTarHeader, scanTar, TarDecoder, tarEnd, tarPadding } from "../src/index.ts";
import { archiveOf, concat, extended, rawBlock, record, text } from "./support/archive.ts";
import { decode, thrownBy } from "./support/decode.ts";

const first = archiveOf({ header: { name: "first" }, data: text("1") });
const file = rawBlock({ name: "f" });
const base256 = (...bytes: number[]): Uint8Array =>
  new Uint8Array([...new Uint8Array(12 - bytes.length), ...bytes]);

describe("a malformed archive is refused with ERR_DRAYAGE_ARCHIVE_INVALID", () => {
  const cases: readonly (readonly [what: string, archive: Uint8Array, message: string])[] = [
    [
      "a checksum that does not match",
      concat(first, rawBlock({ checksum: "000001\0 " })),
      'tar header at offset 1024 (after "first"): this is no tar header: its checksum says 1 where the bytes sum up to 3',
    ],
    [
      "bytes that are no archive",
      new Uint8Array(512).fill(0x41),
      "tar header at offset 0: this is no tar header: its checksum is no number where the bytes sum up to ",
    ],
    [
      "a number with other letters",
      rawBlock({ size: "0000000009x\0" }),
      "tar header at offset 0: the field size is no number",
    ],
    [
      "a negative size in base 256",
      rawBlock({ size: new Uint8Array(12).fill(0xff) }),
      'tar entry "x" at offset 0: its size is negative, -1',
    ],
    [
      "a negative size in a PAX record",
      concat(extended("x", record("size", "-1")), file),
      'tar entry "f" at offset 0: its size is negative, -1',
    ],
    [
      "a size beyond 2^53 in base 256",
      rawBlock({ size: base256(0x20, 0, 0, 0, 0, 0, 0).with(0, 0x80) }),
      "tar header at offset 0: the field size is no number, or one beyond 2^53",
    ],
    [
      "a size beyond 2^64 in base 256",
      rawBlock({ size: new Uint8Array(12).fill(0x7f).with(0, 0x80) }),
      "tar header at offset 0: the field size is no number, or one beyond 2^53",
    ],
    [
      "a size beyond 2^53 in a PAX record",
      concat(extended("x", record("size", "9007199254740992")), file),
      'tar entry "f" at offset 0: its PAX record size is no number, or one beyond 2^53',
    ],
    [
      "a size that ends beyond 2^53",
      concat(extended("x", record("size", "9007199254740991")), file),
      'tar entry "f" at offset 0: its size, 9007199254740991, is out of all bounds',
    ],
    [
      "a PAX size that is no number",
      concat(extended("x", record("size", "1e3")), file),
      'tar entry "f" at offset 0: its PAX record size',
    ],
    [
      "a PAX time that is none",
      concat(extended("x", record("mtime", "1.2.3")), file),
      'tar entry "f" at offset 0: its PAX record mtime',
    ],
    [
      "a PAX time without digits",
      concat(extended("x", record("mtime", ".5")), file),
      'tar entry "f" at offset 0: its PAX record mtime',
    ],
    [
      "a PAX record without a length",
      concat(extended("x", "path=x\n"), file),
      "tar header at offset 0: PAX record at byte 0",
    ],
    [
      "a PAX record that ends later than its header",
      concat(extended("x", "99 path=x\n"), file),
      "tar header at offset 0: PAX record at byte 0",
    ],
    [
      "a PAX record that ends earlier than its line",
      concat(extended("x", "8 path=x\n"), file),
      "tar header at offset 0: PAX record at byte 0",
    ],
    [
      "a PAX record shorter than a record can be",
      concat(extended("x", "4 x\n"), file),
      "tar header at offset 0: PAX record at byte 0",
    ],
    [
      "a PAX record whose length is all of it",
      concat(extended("x", "00006 "), file),
      "tar header at offset 0: PAX record at byte 0",
    ],
    [
      "a PAX record with a huge length",
      concat(extended("x", `${"9".repeat(400)} path=x\n`), file),
      "tar header at offset 0: PAX record at byte 0",
    ],
    [
      "a PAX record with a negative length",
      concat(extended("x", "-10 path=x\n"), file),
      "tar header at offset 0: PAX record at byte 0",
    ],
    [
      "a PAX record without a newline",
      concat(extended("x", "10 path=xy"), file),
      "tar header at offset 0: PAX record at byte 0",
    ],
    [
      "a second PAX record without an equals sign",
      concat(extended("x", "9 path=x\n7 path\n"), file),
      "tar header at offset 0: PAX record at byte 9",
    ],
    [
      "a PAX record without a keyword",
      concat(extended("x", "6 =xy\n"), file),
      "tar header at offset 0: PAX record at byte 0",
    ],
    [
      "a PAX path with a NUL",
      concat(extended("x", record("path", "a\0b")), file),
      "tar header at offset 0: PAX record at byte 0",
    ],
    [
      "a PAX keyword with a NUL",
      concat(extended("x", record("a\0b", "x")), file),
      "tar header at offset 0: PAX record at byte 0",
    ],
    [
      "an extended header of a negative size",
      rawBlock({ typeflag: "L", size: new Uint8Array(12).fill(0xff) }),
      "tar header at offset 0: an extended header has a negative size, -1",
    ],
    [
      "a header that is cut off",
      concat(first, file.subarray(0, 511)),
      'tar header at offset 1024 (after "first"): the archive ends within this header',
    ],
    [
      "a PAX header that is cut off",
      extended("x", record("path", "x")).subarray(0, 1023),
      "tar header at offset 0: the archive ends within this header",
    ],
    [
      "a PAX header before the archive's end",
      concat(extended("x", record("path", "x")), tarEnd()),
      "tar header at offset 1024: the archive ends where the entry of an extended header is due",
    ],
    [
      "a long name at the input's end",
      extended("L", "x"),
      "tar header at offset 1024: the archive ends where the entry of an extended header is due",
    ],
    [
      "a global header between a PAX header and its entry",
      concat(extended("x", record("path", "x")), extended("g", ""), file),
      "tar header at offset 1024: a global header stands between an extended header and its entry",
    ],
    [
      "data that is cut off",
      concat(first, rawBlock({ name: "cut", size: "00000000005\0" }), text("abc")),
      'tar entry "cut" at offset 1024: the archive ends 2 bytes before the end of the data',
    ],
    [
      "one zero block before another entry",
      concat(first, new Uint8Array(512), file),
      'tar header at offset 1024 (after "first"): one zero block stands before more data: the archive\'s end has two',
    ],
    [
      "a second zero block that is cut off",
      concat(first, new Uint8Array(1000)),
      'tar header at offset 1024 (after "first"): the archive ends within its closing zero blocks',
    ],
    [
      "a sparse map that goes on beyond the input's end",
      rawBlock({ typeflag: "S", magic: "ustar  \0", patches: [[482, "\x01"]] }),
      "tar header at offset 0: the archive ends within this header",
    ],
    [
      "a sparse directory",
      concat(
        extended(
          "x",
          record("GNU.sparse.size", "9") +
            record("GNU.sparse.numblocks", "1") +
            record("GNU.sparse.map", "0,1"),
        ),
        rawBlock({ typeflag: "5" }),
      ),
      'tar entry "x" at offset 0: it is sparse, and of the typeflag "5", which has no data',
    ],
  ];

  it.each(cases)("%s", (_, archive, message) => {
    for (const lengths of [[archive.length], [1], [511, 2]]) {
      const error = thrownBy(() => decode(archive, lengths));
      expect(error).toBeInstanceOf(DrayageError);
      expect((error as DrayageError).code).toBe("ERR_DRAYAGE_ARCHIVE_INVALID");
      expect((error as DrayageError).message.slice(0, message.length)).toBe(message);
    }
  });

  it("and so does a scan", () => {
    for (const [, archive, message] of cases) {
      const read = (position: number, length: number): Uint8Array =>
        archive.subarray(position, position + length);
      const error = thrownBy(() => [...scanTar({ size: archive.length, read })]);
      expect((error as DrayageError).code).toBe("ERR_DRAYAGE_ARCHIVE_INVALID");
      expect((error as DrayageError).message.slice(0, message.length)).toBe(message);
    }
  });
});

describe("what is larger than the limits is refused with ERR_DRAYAGE_LIMIT_EXCEEDED", () => {
  const limitError = (call: () => unknown): string => {
    const error = thrownBy(call);
    expect((error as DrayageError).code).toBe("ERR_DRAYAGE_LIMIT_EXCEEDED");
    return (error as DrayageError).message;
  };

  it("a PAX header or long name of more than 1 MiB, before its body is read", () => {
    for (const typeflag of ["x", "g", "L", "K"]) {
      expect(limitError(() => decode(rawBlock({ typeflag, size: "77777777777\0" })))).toBe(
        "tar header at offset 0: an extended header of 8589934591 bytes is more than the 1048576 bytes that are accepted",
      );
    }
  });

  it("a limit is the last size that is accepted", () => {
    const archive = concat(extended("L", "n".repeat(2000)), file);
    expect(decode(archive, undefined, { recordBytes: 2000 }).entries[0]?.header.name).toBe("n".repeat(2000));
    limitError(() => decode(archive, undefined, { recordBytes: 1999 }));
    expect(decode(archive, undefined, { headerBytes: archive.length }).entries.length).toBe(1);
    limitError(() => decode(archive, undefined, { headerBytes: archive.length - 1 }));
  });

  it("an endless row of long names", () => {
    const decoder = new TarDecoder();
    const name = extended("L", "n".repeat(1000));
    let pushed = 0;
    const message = limitError(() => {
      for (;;) {
        decoder.push(name);
        pushed += name.length;
        decoder.next();
      }
    });
    expect(message).toMatch(/ the headers of one entry are more than 4194304 bytes$/);
    expect(pushed).toBeLessThan(4 * 1024 * 1024 + 2 * name.length);
  });

  it("an endless sparse map", () => {
    const decoder = new TarDecoder();
    const block = new Uint8Array(512);
    block[504] = 1;
    decoder.push(rawBlock({ typeflag: "S", magic: "ustar  \0", patches: [[482, "\x01"]] }));
    limitError(() => {
      for (;;) {
        decoder.push(block);
        decoder.next();
      }
    });
  });

  it("global headers without end", () => {
    const decoder = new TarDecoder({ globalBytes: 10_000 });
    const global = extended("g", record("comment", "c".repeat(900)));
    const message = limitError(() => {
      for (;;) {
        decoder.push(global);
        while (decoder.next() !== undefined);
      }
    });
    expect(message).toMatch(/ the global headers are more than 10000 bytes$/);
  });

  it("a PAX header of as many records as fit is read in one pass", () => {
    const body = "5 a=\n".repeat(1024 * 204);
    expect(decode(concat(extended("x", body), file)).entries[0]?.header.pax.size).toBe(1);
  });

  it("a run of equals signs in a libarchive attribute is no trap", () => {
    const value = `${"=".repeat(500_000)}x${"=".repeat(400_000)}x`;
    expect(
      decode(concat(extended("x", record("LIBARCHIVE.xattr.user.a", value)), file)).entries[0]?.header.xattrs
        .size,
    ).toBe(0);
  });
});

it("an error shows no control characters of a name, and not all of a long one", () => {
  const archive = concat(
    extended("L", `\u001b[31m${"n".repeat(5000)}`),
    rawBlock({ size: new Uint8Array(12).fill(0xff) }),
  );
  const { message } = thrownBy(() => decode(archive)) as DrayageError;
  expect(message).toMatch(/^tar entry "\\u001b\[31mn+…" at offset 0: its size is negative, -1$/);
  expect(message.length).toBeLessThan(300);
});

it("a huge size takes no memory and no time before its data comes", () => {
  const header = encodeTarHeader({ name: "big", size: 2 ** 52 });
  const decoder = new TarDecoder();
  decoder.push(concat(header, tarPadding(1)));
  expect(decoder.next()).toMatchObject({ type: "header", header: { size: 2 ** 52 } });
  expect(decoder.skipData()).toBe(2 ** 52 - 511);
});
