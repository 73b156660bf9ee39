import { DrayageError, isDrayageError } from "@drayage/errors";
import { describe, expect, it } from "vitest";
import { readTar, type TarEntryInput, type TarWriteEntry, writeTar } from "../src/index.ts";
import { concat, latin, text, wholeArchive } from "./support/archive.ts";

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk.slice());
  return concat(...parts);
}

function* cut(bytes: Uint8Array, length: number): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}

async function failure(promise: Promise<unknown>): Promise<DrayageError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DrayageError)) throw new Error("no DrayageError was thrown", { cause: error });
  return error;
}

const entries: readonly (TarWriteEntry & { readonly body?: Uint8Array })[] = [
  { header: { name: "a/" } },
  { header: { name: "a/one" }, body: new Uint8Array(1300).fill(1) },
  { header: { name: "a/two" }, body: text("two") },
  { header: { name: "a/link", type: "symlink", linkname: "two" } },
];
const archive = wholeArchive(...entries.map(({ header, body }) => ({ header, data: body })));

describe("readTar", () => {
  it.each([1, 7, 512, 100_000])("gives entries with their bodies from chunks of %d bytes", async (length) => {
    const found: [string, string][] = [];
    for await (const { header, body } of readTar(cut(archive, length)))
      found.push([header.name, latin(await collect(body))]);
    expect(found).toEqual(entries.map(({ header, body = new Uint8Array() }) => [header.name, latin(body)]));
  });

  it("passes over bodies that are not taken, or not to their end", async () => {
    const names: string[] = [];
    for await (const { header, body } of readTar(cut(archive, 100))) {
      names.push(header.name ?? "");
      if (header.name === "a/one") for await (const _ of body) break;
    }
    expect(names).toEqual(["a/", "a/one", "a/two", "a/link"]);
  });

  it("a body that is asked for too late is empty", async () => {
    const bodies: AsyncIterable<Uint8Array>[] = [];
    for await (const { body } of readTar(cut(archive, 100))) bodies.push(body);
    for (const body of bodies) expect((await collect(body)).length).toBe(0);
  });

  it("leaving the loop early ends the source", async () => {
    let ended = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield* cut(archive, 600);
      } finally {
        ended = true;
      }
    }
    for await (const _ of readTar(source())) break;
    expect(ended).toBe(true);
  });

  it("an archive that is cut off is refused, within a body too", async () => {
    const read = async (): Promise<void> => {
      for await (const { body } of readTar(cut(archive.subarray(0, 1500), 400))) await collect(body);
    };
    expect((await failure(read())).message).toBe(
      'tar entry "a/one" at offset 512: the archive ends 824 bytes before the end of the data',
    );
  });

  it("keeps to the limits", async () => {
    const long = wholeArchive({ header: { name: "n".repeat(5000) } });
    const read = async (): Promise<void> => {
      for await (const _ of readTar([long], { recordBytes: 4000 }));
    };
    expect((await failure(read())).code).toBe("ERR_DRAYAGE_LIMIT_EXCEEDED");
  });

  it("ends with ERR_DRAYAGE_ABORTED when the signal is aborted", async () => {
    const controller = new AbortController();
    const read = async (): Promise<void> => {
      for await (const { body } of readTar(cut(archive, 600), { signal: controller.signal })) {
        for await (const _ of body) controller.abort();
      }
    };
    expect((await failure(read())).code).toBe("ERR_DRAYAGE_ABORTED");
  });
});

describe("writeTar", () => {
  it("gives the archive, with the sizes of bodies that are one array", async () => {
    expect(latin(await collect(writeTar(entries)))).toBe(latin(archive));
  });

  it("takes bodies in pieces, and the entries that readTar gives", async () => {
    expect(latin(await collect(writeTar(readTar(cut(archive, 333)))))).toBe(latin(archive));
  });

  it.each<readonly [TarEntryInput, Uint8Array[], string]>([
    [
      { name: "a", size: 4 },
      [text("abc")],
      'the body of the tar entry "a" has only 3 bytes where its header says 4',
    ],
    [
      { name: "a", size: 4 },
      [text("abc"), text("de")],
      'the body of the tar entry "a" has more bytes where its header says 4',
    ],
    [{ name: "a" }, [text("a")], 'the body of the tar entry "a" has more bytes where its header says 0'],
  ])(
    "%j with a body of another size is refused with ERR_DRAYAGE_SIZE_MISMATCH",
    async (header, body, message) => {
      const error = await failure(collect(writeTar([{ header, body }])));
      expect([error.code, error.message]).toEqual(["ERR_DRAYAGE_SIZE_MISMATCH", message]);
    },
  );

  it("ends with ERR_DRAYAGE_ABORTED when the signal is aborted", async () => {
    const controller = new AbortController();
    const write = async (): Promise<void> => {
      for await (const _ of writeTar(entries, { signal: controller.signal })) controller.abort("enough");
    };
    const error = await failure(write());
    expect(isDrayageError(error, "ERR_DRAYAGE_ABORTED")).toBe(true);
    expect(error.cause).toBe("enough");
  });
});
