import { bytesBlob, openBlob, streamBlob } from "@drayage/blob";
import { readTar, type TarEntryInput, type TarWriteEntry, writeTar } from "@drayage/tar";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { retimedTar } from "../../src/commit/retime-tar.ts";

const at = (seconds: number, nanoseconds = 0): { seconds: number; nanoseconds: number } => ({
  seconds,
  nanoseconds,
});

async function bytesOf(tar: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}

const tarOf = (entries: readonly TarWriteEntry[]): Promise<Uint8Array> => bytesOf(writeTar(entries));

/** The tar in chunks of one size. */
function chunked(bytes: Uint8Array, size: number): ReturnType<typeof streamBlob> {
  return streamBlob(async function* () {
    for (let offset = 0; offset < bytes.length; offset += size) yield bytes.slice(offset, offset + size);
  });
}

const file = (header: TarEntryInput, content = ""): TarWriteEntry => ({
  header: { type: "file", mode: 0o644, ...header },
  body: Buffer.from(content),
});

describe("retimedTar", () => {
  it("gives the very blob where no time is to be changed", () => {
    const tar = bytesBlob(new Uint8Array());
    expect(retimedTar(tar, {})).toBe(tar);
  });

  const entries: readonly TarWriteEntry[] = [
    { header: { name: "folder/", type: "directory", mode: 0o755, mtime: at(1_700_000_000) } },
    file({ name: "folder/file", mtime: at(1_500_000_000) }, "content"),
    file({ name: `folder/${"long".repeat(70)}`, mtime: at(1_700_000_001) }, "x".repeat(1500)),
    { header: { name: "link", type: "symlink", linkname: "file", mtime: at(1_700_000_002) } },
    file({ name: "attributes", mtime: at(5), xattrs: new Map([["user.a", Buffer.from("b")]]) }, ""),
  ];
  const withTime = (change: (seconds: number) => number): readonly TarWriteEntry[] =>
    entries.map(({ header, body }) => ({
      header: { ...header, mtime: at(change(header.mtime?.seconds ?? 0)) },
      body,
    }));

  it.each([1, 100, 512, 513, 1024, 100_000])(
    "gives all entries one time, in chunks of %i bytes",
    async (size) => {
      const retimed = retimedTar(chunked(await tarOf(entries), size), { time: at(1_234_567_890) });
      expect(await bytesOf(openBlob(retimed))).toEqual(await tarOf(withTime(() => 1_234_567_890)));
    },
  );

  it("changes only what is newer than the latest time", async () => {
    const retimed = retimedTar(bytesBlob(await tarOf(entries)), { latest: at(1_600_000_000) });
    const expected = await tarOf(withTime((seconds) => Math.min(seconds, 1_600_000_000)));
    expect(await bytesOf(openBlob(retimed))).toEqual(expected);
  });

  it("changes fractions of seconds and the times of access and change, too", async () => {
    const header = {
      name: "f",
      mtime: at(10, 5),
      atime: at(11, 6),
      ctime: at(12, 7),
      format: "pax",
    } as const;
    const tar = await tarOf([file(header, "abc"), file({ name: "g", mtime: at(9) })]);
    for (const size of [7, 100_000]) {
      const retimed = retimedTar(chunked(tar, size), { time: at(3) });
      const times = [];
      for await (const { header, body } of readTar(openBlob(retimed))) {
        const { name, mtime, atime, ctime } = header;
        times.push({ name, mtime, atime, ctime, content: Buffer.from(await bytesOf(body)).toString() });
      }
      expect(times).toEqual([
        { name: "f", mtime: at(3), atime: at(3), ctime: at(3), content: "abc" },
        { name: "g", mtime: at(3), atime: undefined, ctime: undefined, content: "" },
      ]);
    }
  });

  it("changes fractions of seconds where nothing but the time of change has them", async () => {
    const tar = await tarOf([file({ name: "f", mtime: at(10, 500_000_000), format: "pax" }, "abc")]);
    const changed = await bytesOf(openBlob(retimedTar(bytesBlob(tar), { time: at(3) })));
    for await (const { header } of readTar([changed])) expect(header.mtime).toEqual(at(3));
    expect(changed).toEqual(await tarOf([file({ name: "f", mtime: at(3) }, "abc")]));
  });

  it("takes a time as newer than another of the same second", async () => {
    const fractions = [at(9, 999_999_999), at(10), at(10, 1)];
    const tar = await tarOf(
      fractions.map((mtime, index) => file({ name: `f${index}`, mtime, format: "pax" })),
    );
    const times = [];
    const retimed = retimedTar(bytesBlob(tar), { latest: at(10) });
    for await (const { header } of readTar(openBlob(retimed))) times.push(header.mtime);
    expect(times).toEqual([at(9, 999_999_999), at(10), at(10)]);
  });

  it("does not change the bytes that it was given", async () => {
    const tar = await tarOf(entries);
    const before = Buffer.from(tar).toString("hex");
    await bytesOf(openBlob(retimedTar(bytesBlob(tar), { time: at(0) })));
    expect(Buffer.from(tar).toString("hex") === before).toBe(true);
  });

  it("refuses what is no tar", async () => {
    const retimed = retimedTar(bytesBlob(Buffer.alloc(2048, "no tar")), { time: at(0) });
    await expect(bytesOf(openBlob(retimed))).rejects.toMatchObject({ code: "ERR_DRAYAGE_ARCHIVE_INVALID" });
  });

  it("gives the tar of entries with other times, whatever they are", async () => {
    const entry = fc.record({
      name: fc.stringMatching(/^[a-zé]{1,120}$/),
      seconds: fc.integer({ min: 0, max: 2 ** 33 }),
      content: fc.string({ maxLength: 1200 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 6 }),
        fc.integer({ min: 1, max: 3000 }),
        async (list, size) => {
          const make = (change: (seconds: number) => number): Promise<Uint8Array> =>
            tarOf(
              list.map(({ name, seconds, content }) => file({ name, mtime: at(change(seconds)) }, content)),
            );
          const retimed = retimedTar(chunked(await make((seconds) => seconds), size), {
            latest: at(2 ** 31),
          });
          const expected = await make((seconds) => Math.min(seconds, 2 ** 31));
          expect(Buffer.compare(await bytesOf(openBlob(retimed)), expected)).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});
