import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { digestBytes } from "@drayage/digest";
import { describe, expect, it } from "vitest";
import {
  type Blob,
  bytesBlob,
  deflated,
  drain,
  fileBlob,
  inflated,
  openBlob,
  peekBlob,
  readBlob,
  readUnverified,
  streamBlob,
} from "../src/index.ts";
import { collect, pieces, sampleBytes } from "./support/bytes.ts";
import { errorOf } from "./support/errors.ts";
import { useFolder } from "./support/folder.ts";

const folder = useFolder();
const bytes = sampleBytes(700_001);
const digest = digestBytes(bytes);
const wrong = digestBytes(new Uint8Array());

/** A stream that counts how often it was opened and how often its iterator was returned or ended. */
function counting(content: Uint8Array): { blob: Blob; state: { opened: number; closed: number } } {
  const state = { opened: 0, closed: 0 };
  const blob = streamBlob(
    () => {
      state.opened++;
      return (async function* () {
        try {
          yield* pieces(content, 1000);
        } finally {
          state.closed++;
        }
      })();
    },
    { digest: digestBytes(content) },
  );
  return { blob, state };
}

describe("openBlob", () => {
  it("gives a file and bytes in chunks of 256 KiB that stay as they are", async () => {
    writeFileSync(folder.join("source"), bytes);
    for (const blob of [fileBlob(folder.join("source"), { digest }), bytesBlob(bytes, { digest })]) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of openBlob(blob)) chunks.push(chunk);
      expect(chunks.map(({ length }) => length)).toEqual([262_144, 262_144, 175_713]);
      expect(digestBytes(new Uint8Array(Buffer.concat(chunks)))).toBe(digest);
    }
    expect(folder.openFiles()).toEqual([]);
  });

  it("can be iterated more than once", async () => {
    const { blob, state } = counting(bytes);
    const opened = openBlob(blob);
    expect((await collect(opened)).length).toBe(bytes.length);
    expect((await collect(opened)).length).toBe(bytes.length);
    expect(state).toEqual({ opened: 2, closed: 2 });
  });

  it("ends with an error where the bytes are not what they should be", async () => {
    for (const facts of [{ digest: wrong }, { size: 3 }, { size: bytes.length + 1 }]) {
      const blob = { ...bytesBlob(bytes), ...facts };
      expect((await errorOf(collect(openBlob(blob)))).code).toMatch(/MISMATCH$/);
      expect((await errorOf(collect(openBlob(inflated(blob))))).code).toMatch(/MISMATCH$/);
    }
  });

  it("closes what it opened when its reader leaves early", async () => {
    writeFileSync(folder.join("source"), bytes);
    const { blob, state } = counting(bytes);
    for (const each of [blob, inflated(blob), fileBlob(folder.join("source"))]) {
      for await (const chunk of openBlob(each)) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
    }
    expect(state).toEqual({ opened: 2, closed: 2 });
    expect(folder.openFiles()).toEqual([]);
  });
});

describe("readUnverified", () => {
  it("gives the bytes whatever they should be", async () => {
    const blob = { ...bytesBlob(bytes), digest: wrong, size: 5 };
    expect(digestBytes(await collect(readUnverified(blob)))).toBe(digest);
    const packed = { ...bytesBlob(new Uint8Array(gzipSync(bytes))), digest: wrong };
    expect(digestBytes(await collect(readUnverified(inflated(packed))))).toBe(digest);
  });
});

describe("readBlob", () => {
  it("reads up to the limit", async () => {
    expect(digestBytes(await readBlob(bytesBlob(bytes), { limit: bytes.length }))).toBe(digest);
    expect(await readBlob(bytesBlob(new Uint8Array()), { limit: 0 })).toEqual(new Uint8Array());
  });

  it("refuses more without reading it, where the size is known", async () => {
    const { blob, state } = counting(bytes);
    const error = await errorOf(readBlob({ ...blob, size: bytes.length, what: "the config" }, { limit: 10 }));
    expect(error.code).toBe("ERR_DRAYAGE_LIMIT_EXCEEDED");
    expect(error.message).toBe("the config has 700001 bytes, where at most 10 are accepted");
    expect(state.opened).toBe(0);
  });

  it("stops at the limit where the size is not known, also in a bomb", async () => {
    const { blob, state } = counting(bytes);
    expect((await errorOf(readBlob(blob, { limit: 10_000 }))).code).toBe("ERR_DRAYAGE_LIMIT_EXCEEDED");
    expect(state).toEqual({ opened: 1, closed: 1 });
    const bomb = bytesBlob(new Uint8Array(gzipSync(new Uint8Array(20_000_000))));
    const error = await errorOf(readBlob(inflated(bomb), { limit: 1_000_000 }));
    expect(error.code).toBe("ERR_DRAYAGE_LIMIT_EXCEEDED");
  });
});

describe("peekBlob", () => {
  it("shows the head, and the blob gives all bytes still, opened once", async () => {
    for (const length of [0, 1, 999, 1000, 1001, bytes.length, bytes.length + 1]) {
      const { blob, state } = counting(bytes);
      await using peeked = await peekBlob(blob, length);
      expect(Buffer.from(peeked.head).equals(bytes.subarray(0, length))).toBe(true);
      expect(await drain(peeked.blob, { kind: "writer", write: () => undefined })).toMatchObject({ digest });
      expect(state).toEqual({ opened: 1, closed: 1 });
    }
  });

  it("shows what comes after the steps", async () => {
    const packed = new Uint8Array(gzipSync(bytes));
    const { blob, state } = counting(packed);
    await using peeked = await peekBlob(inflated(blob, { digest }), 1000);
    expect(peeked.head).toEqual(bytes.subarray(0, 1000));
    const { stages } = await drain(peeked.blob, { kind: "writer", write: () => undefined });
    expect(stages.map((stage) => stage.digest)).toEqual([digestBytes(packed), digest]);
    expect(state).toEqual({ opened: 1, closed: 1 });
  });

  it("gives a blob that can be read again", async () => {
    const { blob, state } = counting(bytes);
    await using peeked = await peekBlob(blob, 10);
    expect(digestBytes(await collect(openBlob(peeked.blob)))).toBe(digest);
    expect(digestBytes(await collect(openBlob(peeked.blob)))).toBe(digest);
    expect(state).toEqual({ opened: 2, closed: 2 });
  });

  it("closes the stream when it is disposed of without being read, and may be read after that", async () => {
    const { blob, state } = counting(bytes);
    const peeked = await peekBlob(blob, 10);
    expect(state).toEqual({ opened: 1, closed: 0 });
    await peeked[Symbol.asyncDispose]();
    await peeked[Symbol.asyncDispose]();
    expect(state).toEqual({ opened: 1, closed: 1 });
    expect(digestBytes(await collect(openBlob(peeked.blob)))).toBe(digest);
  });

  it("closes the stream when the reader of the blob leaves early", async () => {
    const { blob, state } = counting(bytes);
    const peeked = await peekBlob(blob, 5000);
    for await (const chunk of openBlob(peeked.blob)) if (chunk.length > 0) break;
    expect(state).toEqual({ opened: 1, closed: 1 });
  });

  it("reads files and bytes without touching them", async () => {
    writeFileSync(folder.join("source"), bytes);
    for (const blob of [fileBlob(folder.join("source")), bytesBlob(bytes)]) {
      const peeked = await peekBlob(blob, 7);
      expect(peeked.head).toEqual(bytes.subarray(0, 7));
      expect(peeked.blob).toBe(blob);
    }
    expect(folder.openFiles()).toEqual([]);
  });

  it("closes the stream where it breaks", async () => {
    const { blob, state } = counting(bytes);
    const error = await errorOf(peekBlob(inflated(blob, { algorithm: "gzip" }), 10));
    expect(error.code).toBe("ERR_DRAYAGE_COMPRESSION_INVALID");
    expect(state).toEqual({ opened: 1, closed: 1 });
  });
});

describe("a description", () => {
  it("moves what was known into a verify step", () => {
    const blob = bytesBlob(bytes, { digest, what: "x" });
    expect(inflated(blob, { algorithm: "gzip", digest: wrong })).toEqual({
      digest: wrong,
      size: undefined,
      what: "x",
      origin: blob.origin,
      steps: [
        { do: "verify", digest, size: bytes.length },
        { do: "inflate", algorithm: "gzip" },
      ],
    });
    expect(
      deflated({ ...blob, digest: undefined, size: undefined }, { algorithm: "zstd", level: 3 }).steps,
    ).toEqual([{ do: "deflate", algorithm: "zstd", level: 3 }]);
  });

  it("of a file has its size, or a range", () => {
    const path = folder.join("source");
    writeFileSync(path, bytes);
    expect(fileBlob(path)).toMatchObject({
      size: bytes.length,
      origin: { kind: "file", path, offset: 0, length: bytes.length, whole: true },
    });
    expect(fileBlob(path, { offset: 1 }).origin).toEqual({
      kind: "file",
      path,
      offset: 1,
      length: bytes.length - 1,
    });
    expect(fileBlob("/missing", { offset: 5, length: 6 }).origin).toEqual({
      kind: "file",
      path: "/missing",
      offset: 5,
      length: 6,
    });
    for (const options of [
      { offset: -1 },
      { offset: bytes.length + 1 },
      { offset: 0.5, length: 1 },
      { length: Number.NaN },
    ]) {
      expect(() => fileBlob(path, options)).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_USAGE" }));
    }
    expect(() => fileBlob("/missing")).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_IO" }));
  });
});
