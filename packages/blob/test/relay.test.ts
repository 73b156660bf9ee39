import { randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { digestBytes } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from "vitest";
import { type Blob, drain, holdWorkers, inflated, peekBlob, streamBlob } from "../src/index.ts";
import { startWorkers } from "../src/workers/pool.ts";

const mebibyte = 1024 * 1024;
const content = Buffer.concat([randomBytes(17 * mebibyte), Buffer.alloc(2 * mebibyte + 12_345, "drayage ")]);
const contentDigest = digestBytes(content);
const zipped = gzipSync(content, { level: 1 });
const zippedDigest = digestBytes(zipped);

let folder: string;
let used: Mock<(borrow: boolean | undefined) => void>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
  vi.stubEnv("DRAYAGE_WORKERS", "2");
  used = vi.fn();
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** Chunks of odd sizes, which come a turn apart. With `borrow` they all stand in the same memory. */
async function* arriving(
  bytes: Uint8Array,
  options: { readonly borrow?: boolean | undefined; readonly failAt?: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const memory = new Uint8Array(70_001);
  for (let at = 0; at < bytes.length; at += memory.length) {
    if (options.failAt !== undefined && at >= options.failAt) {
      throw new DrayageError("ERR_DRAYAGE_CONNECTION", "the other side is gone");
    }
    const chunk = bytes.subarray(at, at + memory.length);
    if (at % 700_010 === 0) await setImmediate();
    memory.fill(0);
    memory.set(chunk);
    yield options.borrow === true ? memory.subarray(0, chunk.length) : chunk.slice();
  }
}

interface Facts {
  readonly digest?: ReturnType<typeof digestBytes>;
  readonly size?: number;
  readonly failAt?: number;
}

function blobOf(bytes: Uint8Array, { digest, size = bytes.length, failAt }: Facts = {}): Blob {
  return streamBlob(
    ({ borrow }) => {
      used(borrow);
      return arriving(bytes, { borrow, ...(failAt === undefined ? {} : { failAt }) });
    },
    { digest, size, borrows: true, what: "layer 7" },
  );
}

async function drainTo(name: string, blob: Blob, options: Parameters<typeof drain>[2] = {}) {
  const path = join(folder, name);
  const fd = openSync(path, "w+");
  try {
    return {
      bytes: () => readFileSync(path),
      ...(await drain(blob, { kind: "file", fd, path, position: 0 }, options)),
    };
  } finally {
    closeSync(fd);
  }
}

describe("a large blob that arrives", () => {
  it("is the same file whether a worker or this thread hashes, inflates and writes it", async () => {
    const blobs = (): Blob[] => [
      blobOf(content, { digest: contentDigest }),
      blobOf(content),
      inflated(blobOf(zipped, { digest: zippedDigest }), { algorithm: "gzip", digest: contentDigest }),
      inflated(blobOf(zipped), { algorithm: "gzip" }),
      // Only its bytes tell how it is compressed.
      inflated(blobOf(zipped)),
    ];
    const there = await Promise.all(blobs().map((blob, index) => drainTo(`there-${index}`, blob)));
    vi.stubEnv("DRAYAGE_WORKERS", "0");
    for (const [index, blob] of blobs().entries()) {
      const here = await drainTo(`here-${index}`, blob);
      const { bytes, ...result } = there[index] ?? here;
      expect({ ...result, bytes: undefined }).toEqual({ ...here, bytes: undefined });
      expect(bytes().equals(content)).toBe(true);
    }
  });

  it("is taken by a worker, and told of while it comes", async () => {
    using _hold = holdWorkers();
    const [worker] = await startWorkers(1);
    let load = 0;
    const totals: number[] = [];
    await drainTo("a", inflated(blobOf(zipped), { algorithm: "gzip" }), {
      onBytes: (total) => {
        load = Math.max(load, worker?.load ?? 0);
        totals.push(total);
      },
    });
    expect(load).toBeGreaterThan(0);
    expect(worker?.load).toBe(0);
    expect(totals.at(-1)).toBe(zipped.length);
    expect(used).toHaveBeenCalledWith(true);
  });

  it("is hashed and written here where that is all", async () => {
    using _hold = holdWorkers();
    const [worker] = await startWorkers(1);
    let load = 0;
    await drainTo("a", blobOf(content, { digest: contentDigest }), {
      onBytes: () => {
        load = Math.max(load, worker?.load ?? 0);
      },
    });
    expect(load).toBe(0);
    expect(used).toHaveBeenCalledWith(true);
  });

  it("keeps what was peeked, though the stream's memory is used again", async () => {
    for (const workers of ["2", "0"]) {
      vi.stubEnv("DRAYAGE_WORKERS", workers);
      await using peeked = await peekBlob(blobOf(content, { digest: contentDigest }), 100_000);
      const head = peeked.head.slice();
      const drained = await drainTo("peeked", peeked.blob);
      expect(drained.bytes().equals(content)).toBe(true);
      expect(Buffer.from(peeked.head).equals(head)).toBe(true);
      expect(content.subarray(0, 100_000).equals(head)).toBe(true);
    }
  });

  it("fails as it would on this thread", async () => {
    const damaged = Buffer.from(zipped);
    damaged.fill(0xff, 5 * mebibyte, 5 * mebibyte + 100);
    const blobs = (): Blob[] => [
      blobOf(content, { digest: zippedDigest }),
      blobOf(content, { size: content.length - 1 }),
      blobOf(content, { size: content.length + 1 }),
      inflated(blobOf(damaged), { algorithm: "gzip" }),
      inflated(blobOf(zipped.subarray(0, -1)), { algorithm: "gzip" }),
      blobOf(content, { failAt: 18 * mebibyte }),
    ];
    const failures = async (): Promise<readonly unknown[]> => {
      const outcomes = await Promise.allSettled(blobs().map((blob, index) => drainTo(`${index}`, blob)));
      return outcomes.map((outcome) =>
        outcome.status === "rejected" ? [outcome.reason.code, outcome.reason.message] : "no failure",
      );
    };
    const there = await failures();
    vi.stubEnv("DRAYAGE_WORKERS", "0");
    expect(there).toEqual(await failures());
    expect(there.map((failure) => (Array.isArray(failure) ? failure[0] : failure))).toEqual([
      "ERR_DRAYAGE_DIGEST_MISMATCH",
      "ERR_DRAYAGE_SIZE_MISMATCH",
      "ERR_DRAYAGE_SIZE_MISMATCH",
      "ERR_DRAYAGE_COMPRESSION_INVALID",
      "ERR_DRAYAGE_COMPRESSION_INVALID",
      "ERR_DRAYAGE_CONNECTION",
    ]);
  });

  it("ends when the signal is aborted, and nothing is written after that", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const drained = drainTo("aborted", inflated(blobOf(zipped), { algorithm: "gzip" }), {
      signal: controller.signal,
      onBytes: (total) => {
        if (total > 3 * mebibyte) controller.abort(reason);
      },
    });
    await expect(drained).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED", cause: reason });
    const { size } = statSync(join(folder, "aborted"));
    await setImmediate();
    expect(statSync(join(folder, "aborted")).size).toBe(size);
  });
});
