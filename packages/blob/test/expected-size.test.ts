import { readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { deflate } from "@drayage/compression";
import { digestBytes } from "@drayage/digest";
import { describe, expect, it } from "vitest";
import {
  type Blob,
  bytesBlob,
  deflated,
  expectedSize,
  fileBlob,
  inflated,
  streamBlob,
} from "../src/index.ts";
import { collect, pieces, sampleBytes } from "./support/bytes.ts";
import { errorOf } from "./support/errors.ts";
import { useFolder } from "./support/folder.ts";

const folder = useFolder();
const content = sampleBytes(300_000);

/** A blob of a file of these bytes, and one of a range of a larger file. */
function inFiles(bytes: Uint8Array): readonly Blob[] {
  const [whole, around] = [folder.join("whole"), folder.join("around")];
  writeFileSync(whole, bytes);
  writeFileSync(around, Buffer.concat([Buffer.alloc(7, 1), bytes, Buffer.alloc(9, 2)]));
  return [fileBlob(whole), fileBlob(around, { offset: 7, length: bytes.length }), bytesBlob(bytes)];
}

const gigabytes = 2 ** 32;

/** A sparse file of `size` bytes that ends with an ISIZE. */
function sparse(size: number, isize: number): Blob {
  const path = folder.join("sparse");
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(isize);
  writeFileSync(path, "");
  truncateSync(path, size - tail.length);
  writeFileSync(path, tail, { flag: "a" });
  return inflated(fileBlob(path), { algorithm: "gzip" });
}

describe("the size that is expected of a blob", () => {
  it("is the one that it says, or that a check on the way says", async () => {
    const open = (): AsyncGenerator<Uint8Array> => pieces(content, 1000);
    const digest = digestBytes(content);
    const gzipped = bytesBlob(gzipSync(content));
    expect(await expectedSize(streamBlob(open, { size: 5 }))).toBe(5);
    expect(await expectedSize(inflated(gzipped, { size: 6 }))).toBe(6);
    const steps = [...inflated(gzipped).steps, { do: "verify", digest, size: 7 }] as const;
    expect(await expectedSize({ ...gzipped, size: undefined, steps })).toBe(7);
    const before = [{ do: "verify", size: 8 }, ...inflated(bytesBlob(gzipSync(content))).steps] as const;
    expect(await expectedSize({ ...gzipped, size: undefined, steps: before })).toBe(content.length);
  });

  it("is the origin's where nothing is done to its bytes", async () => {
    for (const blob of inFiles(content)) {
      expect(await expectedSize({ ...blob, size: undefined })).toBe(content.length);
      expect(await expectedSize(inflated(blob))).toBe(content.length);
    }
  });

  it.each([0, 1, 1024, 300_000])("is told by gzip's last bytes: %i", async (size) => {
    for (const blob of inFiles(gzipSync(content.subarray(0, size)))) {
      expect(await expectedSize(inflated(blob))).toBe(size);
      expect(await expectedSize(inflated(blob, { algorithm: "gzip" }))).toBe(size);
    }
  });

  it("is the sum of what zstd's frames tell", async () => {
    const zipped = await collect(deflate([content], { algorithm: "zstd" }));
    for (const blob of inFiles(Buffer.concat([zipped, zipped]))) {
      expect(await expectedSize(inflated(blob))).toBe(2 * content.length);
    }
  });

  it.each([
    ["above 4 GiB, modulo 2^32", gigabytes / 2, 1_000_000, gigabytes + 1_000_000],
    ["above 8 GiB", 1.5 * gigabytes, 512, 2 * gigabytes + 512],
    ["of several members that end with an empty one", gigabytes / 2, 0, undefined],
    ["smaller than its compressed bytes, which are too few for 4 GiB", 100_000_000, 1_000_000, undefined],
    ["larger than deflate can make of its bytes", 1_000_000, 1_032_000_001, undefined],
    ["the largest that deflate can make of its bytes", 1_000_000, 1_032_000_000, 1_032_000_000],
    ["about as large as its compressed bytes", 100_000_000, 99_900_000, 99_900_000],
  ])("of a gzip stream %s", async (_, compressed, isize, expected) => {
    expect(await expectedSize(sparse(compressed, isize))).toBe(expected);
  });

  it("is not known of streams, of what is deflated or done in two steps, and of other compressions", async () => {
    const gzipped = gzipSync(content);
    const blobs = [
      streamBlob(() => pieces(content, 1000)),
      inflated(streamBlob(() => pieces(gzipped, 1000))),
      deflated(bytesBlob(content), { algorithm: "gzip" }),
      deflated(inflated(bytesBlob(gzipped)), { algorithm: "gzip" }),
      inflated(bytesBlob(gzipped), { algorithm: "bzip2" }),
      inflated(bytesBlob(gzipped), { algorithm: "xz" }),
    ];
    for (const blob of blobs) expect(await expectedSize(blob)).toBeUndefined();
  });

  it("is not known of streams that are damaged, or that lie beyond measure", async () => {
    const zipped = Buffer.from(await collect(deflate([content], { algorithm: "zstd" })));
    expect(await expectedSize(inflated(bytesBlob(zipped.subarray(0, 100))))).toBeUndefined();
    expect(await expectedSize(inflated(bytesBlob(new Uint8Array(3)), { algorithm: "gzip" }))).toBeUndefined();
    expect(await expectedSize(inflated(bytesBlob(content), { algorithm: "zstd" }))).toBeUndefined();
    // Magic, a descriptor with a content size of eight bytes, a window, 2^40, and one raw block without bytes.
    const liar = Buffer.from("28b52ffd" + "c0" + "00" + "0000000000010000" + "010000", "hex");
    expect(await expectedSize(inflated(bytesBlob(liar)))).toBeUndefined();
  });

  it("is an error where there is no file, and after an abort; no file stays open", async () => {
    const [blob] = inFiles(gzipSync(content));
    if (blob === undefined) throw new Error("there is a blob");
    await expectedSize(inflated(blob));
    expect(folder.openFiles()).toEqual([]);
    expect((await errorOf(expectedSize(inflated(blob), { signal: AbortSignal.abort() }))).code).toBe(
      "ERR_DRAYAGE_ABORTED",
    );
    for (const name of readdirSync(folder.path)) rmSync(folder.join(name));
    expect((await errorOf(expectedSize(inflated(blob)))).code).toBe("ERR_DRAYAGE_IO");
  });
});
