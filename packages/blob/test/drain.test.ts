import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { digestBytes } from "@drayage/digest";
import { describe, expect, it } from "vitest";
import {
  type Blob,
  type BlobSink,
  bytesBlob,
  createStagedFile,
  deflated,
  drain,
  fileBlob,
  inflated,
  streamBlob,
} from "../src/index.ts";
import { pieces, sampleBytes } from "./support/bytes.ts";
import { errorOf } from "./support/errors.ts";
import { useFolder } from "./support/folder.ts";

const folder = useFolder();
const bytes = sampleBytes(700_001);
const digest = digestBytes(bytes);
const size = bytes.length;
const wrong = digestBytes(new Uint8Array());

function writer(): { sink: BlobSink; written(): Uint8Array } {
  const chunks: Uint8Array[] = [];
  return {
    sink: {
      kind: "writer",
      async write(chunk) {
        const copy = chunk.slice();
        await Promise.resolve();
        chunks.push(copy);
      },
    },
    written: () => new Uint8Array(Buffer.concat(chunks)),
  };
}

/** The same bytes from each kind of origin. */
function blobs(content: Uint8Array, facts: Pick<Blob, "digest" | "size"> = {}): readonly [string, Blob][] {
  const path = folder.join("source");
  writeFileSync(path, content);
  const around = folder.join("around");
  writeFileSync(around, Buffer.concat([Buffer.alloc(99, 1), content, Buffer.alloc(5, 2)]));
  return [
    ["a file", { ...fileBlob(path), ...facts }],
    ["a range of a file", { ...fileBlob(around, { offset: 99, length: content.length }), ...facts }],
    ["bytes", { ...bytesBlob(content), ...facts }],
    ["a stream", streamBlob(() => pieces(content, 1000), facts)],
    ["a stream of empty and large chunks", streamBlob(() => pieces(content, 300_000), facts)],
  ];
}

describe("drain", () => {
  it("brings every kind of origin into a file, with the digest and size of what passed", async () => {
    for (const [name, blob] of blobs(bytes)) {
      await using staged = await createStagedFile(folder.path);
      const result = await drain(blob, staged.sink);
      expect(result, name).toEqual({ digest, size, stages: [{ digest, size }] });
      await staged.commit(folder.join("target"));
      expect(readFileSync(folder.join("target")).equals(bytes), name).toBe(true);
    }
    expect(folder.openFiles()).toEqual([]);
  });

  it("brings every kind of origin to a writer that is slow and keeps no chunk", async () => {
    for (const [name, blob] of blobs(bytes, { digest, size })) {
      const { sink, written } = writer();
      await drain(blob, sink);
      expect(digestBytes(written()), name).toBe(digest);
    }
  });

  it("writes from the sink's position on and touches nothing before it", async () => {
    for (const [name, blob] of blobs(bytes)) {
      const path = folder.join("target");
      writeFileSync(path, "head");
      const fd = openSync(path, "r+");
      await drain(blob, { kind: "file", fd, path, position: 4 });
      closeSync(fd);
      expect(readFileSync(path).equals(Buffer.concat([Buffer.from("head"), bytes])), name).toBe(true);
    }
  });

  it("takes empty origins", async () => {
    for (const [name, blob] of blobs(new Uint8Array())) {
      const { sink, written } = writer();
      expect(await drain(blob, sink), name).toMatchObject({ digest: wrong, size: 0 });
      expect(written().length, name).toBe(0);
    }
  });

  it("names both digests and the blob where they differ", async () => {
    for (const [name, blob] of blobs(bytes, { digest: wrong })) {
      const error = await errorOf(drain({ ...blob, what: "layer 2 of oci-dir:x" }, writer().sink));
      expect(error.code, name).toBe("ERR_DRAYAGE_DIGEST_MISMATCH");
      expect(error.message).toContain("layer 2 of oci-dir:x");
      expect(error.message).toContain(digest);
      expect(error.message).toContain(wrong);
    }
    expect(folder.openFiles()).toEqual([]);
  });

  it("refuses more and fewer bytes than were said", async () => {
    for (const wrongSize of [size - 1, size + 1, 0]) {
      for (const [name, blob] of blobs(bytes, { size: wrongSize })) {
        const error = await errorOf(drain(blob, writer().sink));
        expect(error.code, `${name} ${wrongSize}`).toBe("ERR_DRAYAGE_SIZE_MISMATCH");
      }
    }
  });

  it("names a result by the algorithm of the digest that is known", async () => {
    const sha512 = digestBytes(bytes, "sha512");
    for (const [name, blob] of blobs(bytes, { digest: sha512 })) {
      expect((await drain(blob, writer().sink)).digest, name).toBe(sha512);
    }
  });

  it("checks every verify step, those that contradict each other too", async () => {
    const sha512 = digestBytes(bytes, "sha512");
    const blob: Blob = { ...bytesBlob(bytes), digest, steps: [{ do: "verify", digest: sha512, size }] };
    expect((await drain(blob, writer().sink)).digest).toBe(digest);
    for (const bad of [{ digest: wrong }, { size: 1 }, { digest: digestBytes(new Uint8Array(), "sha512") }]) {
      const lying: Blob = { ...blob, steps: [...blob.steps, { do: "verify", ...bad }] };
      expect((await errorOf(drain(lying, writer().sink))).code).toMatch(/MISMATCH$/);
    }
  });

  it("inflates, with and without the algorithm said, and hashes both stages", async () => {
    const packed = new Uint8Array(gzipSync(bytes));
    const before = { digest: digestBytes(packed), size: packed.length };
    const after = { digest, size };
    for (const algorithm of ["gzip", undefined] as const) {
      for (const [name, blob] of blobs(packed, before)) {
        const { sink, written } = writer();
        const result = await drain(inflated(blob, { algorithm, ...after }), sink);
        expect(result, name).toEqual({ ...after, stages: [before, after] });
        expect(digestBytes(written())).toBe(digest);
      }
    }
  });

  it("verifies the stage before an inflation, not only the result", async () => {
    for (const [name, blob] of blobs(new Uint8Array(gzipSync(bytes)), { digest: wrong })) {
      const error = await errorOf(drain(inflated(blob), writer().sink));
      expect(error.code, name).toBe("ERR_DRAYAGE_DIGEST_MISMATCH");
    }
  });

  it("passes bytes without a magic through an inflation as they are", async () => {
    for (const content of [bytes, bytes.subarray(0, 3), new Uint8Array()]) {
      for (const [name, blob] of blobs(content)) {
        const { sink, written } = writer();
        const { stages } = await drain(inflated(blob), sink);
        expect(stages.length).toBe(2);
        expect(stages[0], name).toEqual(stages[1]);
        expect(digestBytes(written())).toBe(digestBytes(content));
      }
    }
  });

  it("refuses a truncated compressed stream", async () => {
    const packed = new Uint8Array(gzipSync(bytes));
    for (const [name, blob] of blobs(packed.subarray(0, packed.length - 20))) {
      const error = await errorOf(drain(inflated({ ...blob, what: "layer 1 of dir:x" }), writer().sink));
      expect(error.code, name).toBe("ERR_DRAYAGE_COMPRESSION_INVALID");
      expect(error.message).toMatch(/^layer 1 of dir:x: /);
    }
    expect(folder.openFiles()).toEqual([]);
  });

  it("deflates, and inflates that again, with a stage for each", async () => {
    for (const [name, blob] of blobs(bytes, { digest, size })) {
      const { sink, written } = writer();
      const round = inflated(deflated(blob, { algorithm: "gzip" }), { digest });
      const { stages } = await drain(round, sink);
      expect(stages.length).toBe(3);
      expect(stages[2], name).toEqual({ digest, size });
      expect(stages[1]?.digest).not.toBe(digest);
      expect(digestBytes(written())).toBe(digest);
    }
  });

  it("tells how much was read, rising and at the end in full", async () => {
    for (const [name, blob] of blobs(bytes)) {
      const totals: number[] = [];
      await drain(blob, writer().sink, { onBytes: (total) => totals.push(total) });
      expect(totals.at(-1), name).toBe(size);
      expect([...totals].sort((a, b) => a - b)).toEqual(totals);
      expect(totals.length, name).toBeLessThanOrEqual(4);
    }
  });

  it("gives the event loop turns while it reads and writes synchronously", async () => {
    const large = bytesBlob(new Uint8Array(32 * 1024 * 1024));
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await using staged = await createStagedFile(folder.path);
    await drain(large, staged.sink);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });

  it("refuses a stream that gives text", async () => {
    async function* text(): AsyncGenerator<Uint8Array> {
      yield "text" as unknown as Uint8Array;
    }
    expect((await errorOf(drain(streamBlob(text), writer().sink))).code).toBe("ERR_DRAYAGE_USAGE");
  });
});

describe("drain, when the file changes", () => {
  function changing(change: (path: string) => void): Promise<unknown> {
    const path = folder.join("source");
    writeFileSync(path, bytes);
    const blob = fileBlob(path);
    let changed = false;
    return drain(blob, {
      kind: "writer",
      write() {
        if (!changed) change(path);
        changed = true;
      },
    });
  }

  it("refuses one that shrinks while it is read", async () => {
    const error = await errorOf(changing((path) => writeFileSync(path, "short")));
    expect(error.code).toBe("ERR_DRAYAGE_SIZE_MISMATCH");
    expect(error.message).toContain(JSON.stringify(folder.join("source")));
    expect(folder.openFiles()).toEqual([]);
  });

  it("refuses one that grows while it is read", async () => {
    const error = await errorOf(changing((path) => writeFileSync(path, "more", { flag: "a" })));
    expect(error.code).toBe("ERR_DRAYAGE_SIZE_MISMATCH");
    expect(error.message).toContain("longer");
  });

  it("refuses one that shrank or grew since it was described", async () => {
    for (const content of ["short", Buffer.concat([bytes, bytes])]) {
      const path = folder.join("source");
      writeFileSync(path, bytes);
      const blob = fileBlob(path);
      writeFileSync(path, content);
      for (const steps of [[], [{ do: "deflate", algorithm: "gzip" }]] as const) {
        const error = await errorOf(drain({ ...blob, steps, size: undefined }, writer().sink));
        expect(error.code).toBe("ERR_DRAYAGE_SIZE_MISMATCH");
      }
    }
  });

  it("lets a file grow behind a range of it", async () => {
    const path = folder.join("source");
    writeFileSync(path, bytes);
    const blob = fileBlob(path, { offset: 0, length: size });
    writeFileSync(path, "more", { flag: "a" });
    expect(await drain(blob, writer().sink)).toMatchObject({ digest });
  });

  it("says that one has vanished", async () => {
    const path = folder.join("source");
    writeFileSync(path, bytes);
    const blob = fileBlob(path);
    rmSync(path);
    const error = await errorOf(drain(blob, writer().sink));
    expect(error.code).toBe("ERR_DRAYAGE_IO");
    expect(error.message).toContain("no such file");
  });

  it("refuses a folder and a pipe instead of waiting", async () => {
    execFileSync("mkfifo", [folder.join("pipe")]);
    for (const path of [folder.path, folder.join("pipe")]) {
      const error = await errorOf(drain(fileBlob(path, { offset: 0, length: 4 }), writer().sink));
      expect(error.code).toBe("ERR_DRAYAGE_IO");
      expect(error.message).toContain("where a file is needed");
    }
  });
});

describe("drain, when it cannot write", () => {
  it("says that the disk is full", async () => {
    for (const [name, blob] of blobs(bytes)) {
      const fd = openSync("/dev/full", "r+");
      const error = await errorOf(drain(blob, { kind: "file", fd, path: "/dev/full", position: 0 }));
      closeSync(fd);
      expect(error.code, name).toBe("ERR_DRAYAGE_IO");
      expect(error.message, name).toBe('cannot write "/dev/full": no space left on the device (ENOSPC)');
      expect(error.hint).toContain("free some space");
    }
    expect(folder.openFiles()).toEqual([]);
  });

  it("says that a pipe was closed, whether the writer throws or rejects", async () => {
    const broken = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
    const writes = [
      () => {
        throw broken;
      },
      () => Promise.reject(broken),
    ];
    for (const write of writes) {
      for (const [name, blob] of blobs(bytes)) {
        const error = await errorOf(drain(blob, { kind: "writer", write }));
        expect(error.code, name).toBe("ERR_DRAYAGE_IO");
        expect(error.message).toContain("the reader closed the pipe");
      }
    }
  });

  it("passes on what a writer of other errors throws", async () => {
    const own = new Error("mine");
    const sink: BlobSink = { kind: "writer", write: () => Promise.reject(own) };
    for (const [, blob] of blobs(bytes)) await expect(drain(blob, sink)).rejects.toBe(own);
  });

  it("returns the stream's iterator when a write fails", async () => {
    let returned = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield bytes;
      } finally {
        returned++;
      }
    }
    const sink: BlobSink = { kind: "writer", write: () => Promise.reject(new Error("mine")) };
    await expect(drain(streamBlob(source), sink)).rejects.toThrow("mine");
    await expect(drain(inflated(streamBlob(source)), sink)).rejects.toThrow("mine");
    expect(returned).toBe(2);
  });
});

describe("drain, when a stream breaks", () => {
  it("passes the stream's error on, and a system error in words", async () => {
    async function* breaking(error: Error): AsyncGenerator<Uint8Array> {
      yield bytes;
      throw error;
    }
    const own = new Error("mine");
    await expect(
      drain(
        streamBlob(() => breaking(own)),
        writer().sink,
      ),
    ).rejects.toBe(own);
    const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    const error = await errorOf(
      drain(
        streamBlob(() => breaking(reset)),
        writer().sink,
      ),
    );
    expect(error.code).toBe("ERR_DRAYAGE_IO");
    expect(error.cause).toBe(reset);
  });

  it("passes the error of open on", async () => {
    const own = new Error("mine");
    const blob = streamBlob(() => Promise.reject(own));
    await expect(drain(blob, writer().sink)).rejects.toBe(own);
  });
});

describe("a whole sink with bytes of an earlier run", () => {
  async function staged(first: Uint8Array): Promise<{ fd: number; path: string; sink: BlobSink }> {
    const path = folder.join("partial");
    const fd = openSync(path, "w+");
    writeSync(fd, first);
    return { fd, path, sink: { kind: "file", fd, path, position: 0, whole: true, present: first.length } };
  }

  function countingStream(resumable: boolean): { blob: Blob; offsets: (number | undefined)[] } {
    const offsets: (number | undefined)[] = [];
    const blob = streamBlob(
      ({ offset }) => {
        offsets.push(offset);
        return pieces(bytes.subarray(resumable ? (offset ?? 0) : 0), 10_000);
      },
      { digest, resumable },
    );
    return { blob, offsets };
  }

  it("continues a resumable stream from there", async () => {
    const { blob, offsets } = countingStream(true);
    const { fd, path, sink } = await staged(bytes.slice(0, 300_000));
    const totals: number[] = [];
    const result = await drain(blob, sink, { onBytes: (total) => totals.push(total) });
    closeSync(fd);
    expect(result).toEqual({ digest, size, stages: [{ digest, size }] });
    expect(offsets).toEqual([300_000]);
    expect(totals.at(-1)).toBe(size);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it("continues a file from there", async () => {
    const source = folder.join("source");
    writeFileSync(source, bytes);
    const { fd, path, sink } = await staged(bytes.slice(0, 300_000));
    expect(await drain(fileBlob(source, { digest }), sink)).toMatchObject({ digest, size });
    closeSync(fd);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it("keeps all of it where nothing is missing", async () => {
    const { blob, offsets } = countingStream(true);
    const { fd, sink } = await staged(bytes);
    expect(await drain(blob, sink)).toMatchObject({ digest, size });
    closeSync(fd);
    expect(offsets).toEqual([size]);
  });

  it("opens nothing where the size says that nothing is missing", async () => {
    const { blob, offsets } = countingStream(true);
    const { fd, sink } = await staged(bytes);
    expect(await drain({ ...blob, size }, sink)).toMatchObject({ digest, size });
    closeSync(fd);
    expect(offsets).toEqual([]);
  });

  it("starts over where the bytes are damaged, and leaves none behind", async () => {
    for (const damaged of [new Uint8Array(300_000), new Uint8Array(size + 10)]) {
      const { blob, offsets } = countingStream(true);
      const { fd, path, sink } = await staged(damaged);
      expect(await drain(blob, sink)).toMatchObject({ digest, size });
      closeSync(fd);
      expect(offsets.at(-1)).toBe(0);
      expect(readFileSync(path).equals(bytes)).toBe(true);
    }
  });

  it("starts over where the stream cannot continue, there are steps, or no digest is known", async () => {
    const unknown = { ...countingStream(true).blob, digest: undefined };
    const plain = countingStream(false).blob;
    const packed = inflated(bytesBlob(new Uint8Array(gzipSync(bytes))), { digest });
    for (const blob of [unknown, plain, packed]) {
      const { fd, path, sink } = await staged(new Uint8Array(size * 2));
      expect(await drain(blob, sink)).toMatchObject({ digest, size });
      closeSync(fd);
      expect(readFileSync(path).equals(bytes)).toBe(true);
    }
  });

  it("starts over where the file is shorter by now than was said", async () => {
    const { blob } = countingStream(true);
    const { fd, path, sink } = await staged(bytes.slice(0, 300_000));
    ftruncateSync(fd, 1000);
    expect(await drain(blob, sink)).toMatchObject({ digest, size });
    closeSync(fd);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });
});
