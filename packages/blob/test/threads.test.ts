import { randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { digestBytes } from "@drayage/digest";
import { isDrayageError } from "@drayage/errors";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type Blob,
  bytesBlob,
  deflated,
  drain,
  fileBlob,
  holdWorkers,
  inflated,
  streamBlob,
} from "../src/index.ts";
import { startWorkers } from "../src/workers/pool.ts";

const mebibyte = 1024 * 1024;
/** Large enough for threads, and no whole number of blocks; half of it compresses. */
const content = Buffer.concat([randomBytes(9 * mebibyte), Buffer.alloc(9 * mebibyte + 12_345, "drayage ")]);
const contentDigest = digestBytes(content);
const gzipped = gzipSync(content, { level: 1 });

let folder: string;
let plain: string;
let zipped: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
  plain = join(folder, "plain");
  zipped = join(folder, "zipped");
  writeFileSync(plain, content);
  writeFileSync(zipped, Buffer.concat([gzipped, gzipSync(randomBytes(9 * mebibyte), { level: 1 })]));
  vi.stubEnv("DRAYAGE_WORKERS", "2");
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** Drains into a new file, and gives its path with the result. */
async function drainTo(name: string, blob: Blob, options: Parameters<typeof drain>[2] = {}) {
  const path = join(folder, name);
  const fd = openSync(path, "w+");
  try {
    return { path, ...(await drain(blob, { kind: "file", fd, path, position: 0 }, options)) };
  } finally {
    closeSync(fd);
  }
}

describe("several large drains at a time", () => {
  it("give what one after the other on one thread gives", async () => {
    const blobs = (): Blob[] => [
      fileBlob(plain, { digest: contentDigest }),
      inflated(fileBlob(zipped)),
      fileBlob(zipped),
      fileBlob(plain, { offset: 5, length: 17 * mebibyte }),
    ];
    const there = await Promise.all(blobs().map((blob, index) => drainTo(`there-${index}`, blob)));
    vi.stubEnv("DRAYAGE_WORKERS", "0");
    for (const [index, blob] of blobs().entries()) {
      const here = await drainTo(`here-${index}`, blob);
      expect({ ...there[index], path: here.path }).toEqual(here);
      expect(readFileSync(join(folder, `there-${index}`)).equals(readFileSync(here.path))).toBe(true);
    }
  });

  it("may be of blobs that have more than a thread can be sent", async () => {
    const blob = { ...inflated(fileBlob(zipped)), toString: () => "a layer" };
    const drained = await Promise.all(["a", "b", "c"].map((name) => drainTo(name, blob)));
    expect(new Set(drained.map(({ digest }) => digest)).size).toBe(1);
  });

  it("tell of their progress up to the end, whichever thread does them", async () => {
    const told: number[][] = [[], [], []];
    await Promise.all(
      told.map((totals, index) =>
        drainTo(`file-${index}`, fileBlob(plain), { onBytes: (total) => void totals.push(total) }),
      ),
    );
    for (const totals of told) {
      expect(totals.at(-1)).toBe(content.length);
      expect(totals).toEqual([...totals].sort((a, b) => a - b));
    }
  });

  it("fail each with its own error, with code, cause and the name of what was wrong", async () => {
    const wrong = digestBytes(Buffer.from("something else"));
    const broken = join(folder, "broken");
    const bytes = readFileSync(zipped);
    bytes.fill(0xff, 2 * mebibyte, 2 * mebibyte + 100);
    writeFileSync(broken, bytes);
    const outcomes = await Promise.allSettled([
      drainTo("a", fileBlob(plain)),
      drainTo("b", fileBlob(plain, { digest: wrong, what: "layer 1" })),
      drainTo("c", inflated(fileBlob(broken, { what: "layer 2" }))),
      drainTo("d", fileBlob(join(folder, "absent"), { offset: 0, length: 20 * mebibyte })),
    ]);
    const errors = outcomes.map((outcome) => (outcome.status === "rejected" ? outcome.reason : undefined));
    expect(errors.map((error) => error?.code)).toEqual([
      undefined,
      "ERR_DRAYAGE_DIGEST_MISMATCH",
      "ERR_DRAYAGE_COMPRESSION_INVALID",
      "ERR_DRAYAGE_IO",
    ]);
    expect(errors.slice(1).every((error) => isDrayageError(error))).toBe(true);
    expect(errors[1].message).toContain("layer 1");
    expect(errors[2].message).toMatch(/^layer 2: /);
    expect(errors[3].message).toContain("no such file or directory (ENOENT)");
    expect(errors[3].cause).toMatchObject({ code: "ENOENT", syscall: "open" });
  });

  it("end when the signal is aborted, and only after the last byte was written", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const options = {
      signal: controller.signal,
      onBytes: (total: number) => {
        if (total > 4 * mebibyte) controller.abort(reason);
      },
    };
    const outcomes = await Promise.allSettled(
      ["a", "b", "c", "d"].map((name) => drainTo(name, inflated(fileBlob(zipped)), options)),
    );
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        status: "rejected",
        reason: { code: "ERR_DRAYAGE_ABORTED", cause: reason },
      });
    }
    // A thread that was still at work would find its file gone, or another one with the same descriptor.
    await drainTo("after", fileBlob(plain, { digest: contentDigest }));
  });
});

describe("a large deflation", () => {
  const engine = process.env.DRAYAGE_ENGINE;

  it.each([1, 4, 6])("gives the same bytes with any number of threads (gzip, level %i)", async (level) => {
    const blob = (): Blob =>
      deflated(fileBlob(plain, { digest: contentDigest }), { algorithm: "gzip", level });
    const there = await drainTo("there", blob());
    vi.stubEnv("DRAYAGE_WORKERS", "3");
    const three = await drainTo("three", blob());
    vi.stubEnv("DRAYAGE_WORKERS", "0");
    const here = await drainTo("here", blob());
    expect([there.digest, three.digest]).toEqual([here.digest, here.digest]);
    expect(there.stages).toEqual(here.stages);
    expect(gunzipSync(readFileSync(there.path)).equals(content)).toBe(true);
    expect(engine).toBe(process.env.DRAYAGE_ENGINE);
  });

  it("is the same from a file, a stream and an inflated file, into a writer or a file", async () => {
    const file = await drainTo("file", deflated(fileBlob(plain), { algorithm: "gzip" }));
    const stream = streamBlob(async function* () {
      for (let at = 0; at < content.length; at += 77_777) yield content.subarray(at, at + 77_777);
    });
    const single = join(folder, "single");
    writeFileSync(single, gzipped);
    const chunks: Uint8Array[] = [];
    const sink = { kind: "writer" as const, write: (chunk: Uint8Array) => void chunks.push(chunk.slice()) };
    const written = await drain(deflated(inflated(fileBlob(single)), { algorithm: "gzip" }), sink);
    expect(written.digest).toBe(file.digest);
    expect(digestBytes(Buffer.concat(chunks))).toBe(file.digest);
    expect((await drainTo("stream", deflated(stream, { algorithm: "gzip" }))).digest).toBe(file.digest);
    expect((await drainTo("bytes", deflated(bytesBlob(content), { algorithm: "gzip" }))).digest).toBe(
      file.digest,
    );
  });

  it("is the same beside others", async () => {
    const blob = (): Blob => deflated(inflated(fileBlob(zipped)), { algorithm: "gzip" });
    const stream = deflated(
      streamBlob(async function* () {
        yield content;
      }),
      { algorithm: "gzip" },
    );
    const together = await Promise.all([
      ...["a", "b", "c"].map((name) => drainTo(name, blob())),
      ...["d", "e"].map((name) => drainTo(name, stream)),
    ]);
    const alone = (await drainTo("alone", blob())).digest;
    const streamAlone = (await drainTo("stream alone", stream)).digest;
    expect(together.map(({ digest }) => digest)).toEqual([alone, alone, alone, streamAlone, streamAlone]);
  });

  it("of whole blocks ends with the last of them", async () => {
    const whole = content.subarray(mebibyte, 3 * mebibyte);
    const path = join(folder, "whole");
    writeFileSync(path, whole);
    const file = await drainTo("file", deflated(fileBlob(path), { algorithm: "gzip" }));
    const bytes = await drainTo("bytes", deflated(bytesBlob(whole), { algorithm: "gzip" }));
    expect(bytes.digest).toBe(file.digest);
    expect(gunzipSync(readFileSync(file.path)).equals(whole)).toBe(true);
  });

  it("of nothing is an empty gzip member", async () => {
    const { path } = await drainTo("nothing", deflated(bytesBlob(new Uint8Array(0)), { algorithm: "gzip" }));
    expect(gunzipSync(readFileSync(path))).toEqual(Buffer.alloc(0));
  });

  it("refuses a source with another digest, and one that shrinks while it is read", async () => {
    const wrong = digestBytes(Buffer.from("something else"));
    const lie = deflated(fileBlob(plain, { digest: wrong }), { algorithm: "gzip" });
    await expect(drainTo("lie", lie)).rejects.toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" });
    const shrinking = drainTo("shrunk", deflated(fileBlob(plain), { algorithm: "gzip" }), {
      onBytes: () => truncateSync(plain, mebibyte),
    });
    await expect(shrinking).rejects.toMatchObject({ code: "ERR_DRAYAGE_SIZE_MISMATCH" });
  });

  it("ends when the signal is aborted", async () => {
    const controller = new AbortController();
    const aborted = drainTo("aborted", deflated(fileBlob(plain), { algorithm: "gzip" }), {
      signal: controller.signal,
      onBytes: (total) => void (total > 6 * mebibyte && controller.abort()),
    });
    await expect(aborted).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
  });

  it("gives the error of a writer, with its cause", async () => {
    const cause = Object.assign(new Error("gone"), { code: "EPIPE" });
    const sink = { kind: "writer" as const, write: () => Promise.reject(cause) };
    const failed = drain(deflated(fileBlob(plain), { algorithm: "gzip" }), sink);
    await expect(failed).rejects.toMatchObject({ code: "ERR_DRAYAGE_IO", cause });
  });
});

describe("workers", () => {
  it("are gone when nobody holds them, and kept while somebody does", async () => {
    const outer = holdWorkers();
    const first = await startWorkers(2);
    holdWorkers()[Symbol.dispose]();
    expect(await startWorkers(2)).toEqual(expect.arrayContaining([...first]));
    outer[Symbol.dispose]();
    using _again = holdWorkers();
    const second = await startWorkers(2);
    expect(second).toHaveLength(2);
    expect(second.filter((worker) => first.includes(worker))).toEqual([]);
  });

  it("that end early fail their jobs with an error that says what to do", async () => {
    using _hold = holdWorkers();
    const [worker] = await startWorkers(1);
    const control = new SharedArrayBuffer(4);
    const path = join(folder, "out");
    const fd = openSync(path, "w+");
    try {
      const origin = { kind: "file", path: zipped, offset: 0, length: readFileSync(zipped).length } as const;
      const blob = { origin, steps: [{ do: "inflate" }] } as const;
      const job = worker?.run({
        kind: "drain",
        blob,
        sink: { kind: "file", fd, path, position: 0 },
        control,
      });
      worker?.end();
      await expect(job).rejects.toMatchObject({
        code: "ERR_DRAYAGE_WORKER",
        hint: "run it again with DRAYAGE_WORKERS=0, which uses no threads",
      });
      // The next ones are new.
      const [next] = await startWorkers(1);
      expect(next).not.toBe(worker);
    } finally {
      closeSync(fd);
    }
  });

  it("are none where DRAYAGE_WORKERS is 0", async () => {
    vi.stubEnv("DRAYAGE_WORKERS", "0");
    using _hold = holdWorkers();
    expect(await startWorkers(4)).toEqual([]);
  });
});
