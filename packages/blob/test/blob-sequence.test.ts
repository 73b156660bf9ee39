import { closeSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { digestBytes } from "@drayage/digest";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import {
  type AddToSequenceOptions,
  type Blob,
  type BlobSequence,
  bytesBlob,
  createBlobSequence,
  expectedSize,
  fileBlob,
  inflated,
  streamBlob,
} from "../src/index.ts";
import { pieces, sampleBytes } from "./support/bytes.ts";
import { errorOf } from "./support/errors.ts";
import { useFolder } from "./support/folder.ts";

const folder = useFolder();
const block = 16;
const padding = (size: number): Uint8Array => new Uint8Array((block - (size % block)) % block).fill(0xee);

/** A header whose length nobody can tell before the blob is there. */
function headerOf(content: Uint8Array): Uint8Array {
  const text = `${digestBytes(content).slice(7, 15)} ${content.length}`;
  return new Uint8Array(Buffer.from(text.padEnd(block * (1 + (content.length % 3)), ".")));
}

/** The file that comes of contents that are added one after the other, each once. */
function serial(start: Uint8Array, contents: readonly Uint8Array[]): Buffer {
  const distinct = new Map(contents.map((content) => [digestBytes(content), content]));
  return Buffer.concat([
    start,
    ...[...distinct.values()].flatMap((content) => [headerOf(content), content, padding(content.length)]),
  ]);
}

interface Opened {
  readonly path: string;
  readonly sequence: BlobSequence;
  /** Adds a blob, and gives what was thrown, if anything was. */
  add(blob: Blob, over?: Partial<AddToSequenceOptions>): Promise<unknown>;
  close(): void;
}

let count = 0;

function open(start = new Uint8Array(), flags = "r+"): Opened {
  count += 1;
  const path = folder.join(`${count}`);
  writeFileSync(path, start);
  const fd = openSync(path, flags);
  const sequence = createBlobSequence({ fd, path }, { start: start.length, padding });
  const seen = new Set<string>();
  return {
    path,
    sequence,
    add(blob, over = {}) {
      const header = ({ digest, size }: { digest: string; size: number }): Uint8Array | undefined => {
        if (seen.has(digest)) return undefined;
        seen.add(digest);
        const content = known.get(digest) ?? expect.unreachable();
        expect(content.length).toBe(size);
        return headerOf(content);
      };
      const added = sequence.add(blob, { room: () => block, header, ...over });
      return added.then(
        () => undefined,
        (error: unknown) => error,
      );
    },
    close: () => closeSync(fd),
  };
}

/** What the headers are made of. */
const known = new Map<string, Uint8Array>();

function content(size: number, seed: number): Uint8Array {
  const bytes = sampleBytes(size, seed);
  known.set(digestBytes(bytes), bytes);
  return bytes;
}

/** A stream that takes its time. */
function slow(bytes: Uint8Array, turns: number, failing = false): Parameters<typeof streamBlob>[0] {
  return async function* () {
    const half = Math.ceil(bytes.length / 2);
    yield bytes.subarray(0, half);
    for (let turn = 0; turn < turns; turn++) await setImmediate();
    if (failing) throw new Error("the stream broke");
    yield bytes.subarray(half);
  };
}

/** Two members, so that the stream tells the size of the second only. */
function twoMembers(bytes: Uint8Array, last: number): Uint8Array {
  const first = Math.max(0, bytes.length - last);
  return Buffer.concat([gzipSync(bytes.subarray(0, first)), gzipSync(bytes.subarray(first))]);
}

function forged(bytes: Uint8Array, by: number): Uint8Array {
  const stream = Buffer.from(gzipSync(bytes));
  stream.writeUInt32LE(bytes.length + by, stream.length - 4);
  return stream;
}

type Kind = (bytes: Uint8Array, turns: number) => { readonly blob: Blob; readonly fails?: boolean };

const kinds: Record<string, Kind> = {
  "in memory": (bytes) => ({ blob: bytesBlob(bytes) }),
  "a stream of known size": (bytes, turns) => ({
    blob: streamBlob(slow(bytes, turns), { size: bytes.length }),
  }),
  "a stream": (bytes, turns) => ({ blob: streamBlob(slow(bytes, turns)) }),
  gzip: (bytes) => ({ blob: inflated(bytesBlob(gzipSync(bytes)), { algorithm: "gzip" }) }),
  "gzip of two members": (bytes, turns) => ({ blob: inflated(bytesBlob(twoMembers(bytes, turns))) }),
  "gzip that says less": (bytes, turns) => ({
    blob: inflated(bytesBlob(forged(bytes, -Math.min(bytes.length, turns) || 2 ** 31))),
    fails: true,
  }),
  "gzip that says more": (bytes, turns) => ({
    blob: inflated(bytesBlob(forged(bytes, 1 + turns))),
    fails: true,
  }),
  "a stream that breaks": (bytes, turns) => ({
    blob: streamBlob(slow(bytes, turns, true), { size: bytes.length }),
    fails: true,
  }),
  "a stream of unknown size that breaks": (bytes, turns) => ({
    blob: streamBlob(slow(bytes, turns, true)),
    fails: true,
  }),
  "a stream longer than it says": (bytes, turns) => ({
    blob: streamBlob(slow(Buffer.concat([bytes, bytes, Buffer.alloc(9)]), turns), { size: bytes.length }),
    fails: true,
  }),
  "another digest": (bytes) => ({
    blob: bytesBlob(bytes, { digest: digestBytes(Buffer.from("other")) }),
    fails: true,
  }),
};

describe("a sequence of blobs", () => {
  it("is what it would be had each blob come after the other", async () => {
    const blobs = fc.array(
      fc.record({
        kind: fc.constantFrom(...Object.keys(kinds)),
        size: fc.oneof(fc.constantFrom(0, 1, block - 1, block, block + 1), fc.nat(2000)),
        seed: fc.constantFrom(1, 1, 2),
        turns: fc.nat(5),
        alone: fc.boolean(),
      }),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(blobs, fc.nat(40), async (list, length) => {
        const start = new Uint8Array(length).fill(0x55);
        const { path, add, sequence, close } = open(start);
        const wanted: Uint8Array[] = [];
        const ends: Promise<unknown>[] = [];
        const failures: boolean[] = [];
        for (const { kind, size, seed, turns, alone } of list) {
          const bytes = content(size, seed);
          const { blob, fails = false } = kinds[kind]?.(bytes, turns) ?? expect.unreachable();
          if (!fails) wanted.push(bytes);
          failures.push(fails);
          ends.push(add(blob));
          if (alone) await Promise.all(ends);
        }
        const errors = await Promise.all(ends);
        expect(errors.map((error) => error !== undefined)).toEqual(failures);
        const end = await sequence.settle();
        close();
        const expected = serial(start, wanted);
        expect(end).toBe(expected.length);
        expect(Buffer.compare(readFileSync(path), expected)).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  it("has bytes of its own between blobs that are still on their way", async () => {
    const { path, add, sequence, close } = open();
    const [a, b] = [content(100, 3), content(50, 4)];
    const ends = [
      add(streamBlob(slow(a, 20), { size: a.length })),
      sequence.append(Buffer.from("between")),
      add(bytesBlob(b)),
      sequence.append(Buffer.from("behind")),
    ];
    await Promise.all(ends);
    await sequence.settle();
    close();
    const expected = Buffer.concat([
      serial(new Uint8Array(), [a]),
      Buffer.from("between"),
      serial(new Uint8Array(), [b]),
      Buffer.from("behind"),
    ]);
    expect(Buffer.compare(readFileSync(path), expected)).toBe(0);
  });

  it("takes several at the same time, and says when the next may come", async () => {
    const { add, sequence, close } = open();
    const log: string[] = [];
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const bytes = [content(10, 5), content(20, 6), content(30, 7)];
    const ends = bytes.map((each, index) =>
      add(
        streamBlob(
          async function* () {
            log.push(`open ${index}`);
            if (log.filter((line) => line.startsWith("open")).length === bytes.length) release();
            await gate;
            yield each;
          },
          { size: each.length },
        ),
        { onPlace: () => void log.push(`place ${index}`) },
      ),
    );
    // One whose size nobody knows lets nobody follow.
    ends.push(
      add(
        streamBlob(() => pieces(content(5, 8), 2)),
        { onPlace: () => void log.push("place 3") },
      ),
    );
    expect(await Promise.all(ends)).toEqual([undefined, undefined, undefined, undefined]);
    expect(log.filter((line) => line.startsWith("place"))).toEqual(["place 0", "place 1", "place 2"]);
    await sequence.settle();
    close();
  });

  it("moves blobs of many chunks, in both directions", async () => {
    const { path, add, sequence, close } = open();
    const large = 600_000;
    const zipped = (bytes: Uint8Array): Blob => inflated(bytesBlob(twoMembers(bytes, 10)));
    const [a, b, c, d] = [
      content(large, 11),
      content(large + 1, 12),
      content(large + 2, 13),
      content(large, 14),
    ];
    const broken = streamBlob(slow(a, 3, true), { size: 700_000 });
    const ends = [zipped(a), bytesBlob(b), broken, zipped(c), bytesBlob(a), bytesBlob(d)].map((blob) =>
      add(blob),
    );
    expect((await Promise.all(ends)).map(String)).toEqual([
      "undefined",
      "undefined",
      "Error: the stream broke",
      ...["undefined", "undefined", "undefined"],
    ]);
    await sequence.settle();
    close();
    expect(Buffer.compare(readFileSync(path), serial(new Uint8Array(), [a, b, c, d]))).toBe(0);
  });

  it("moves a large blob into the place of a small one that failed", async () => {
    const { path, add, sequence, close } = open();
    const large = content(600_000, 15);
    const ends = [add(streamBlob(slow(large, 1, true), { size: 100 })), add(bytesBlob(large))];
    expect((await Promise.all(ends))[1]).toBeUndefined();
    await sequence.settle();
    close();
    expect(Buffer.compare(readFileSync(path), serial(new Uint8Array(), [large]))).toBe(0);
  });

  it("is settled when all of it is there", async () => {
    const { path, add, sequence, close } = open();
    const [a, b] = [content(100, 3), content(50, 4)];
    const ends = [add(streamBlob(slow(a, 9), { size: a.length })), add(streamBlob(slow(b, 5)))];
    const expected = serial(new Uint8Array(), [a, b]);
    expect(await sequence.settle()).toBe(expected.length);
    expect(Buffer.compare(readFileSync(path), expected)).toBe(0);
    expect(await Promise.all(ends)).toEqual([undefined, undefined]);
    close();
  });

  it("is the same where threads drain what is large, and find that it is larger than was expected", async () => {
    const mebibyte = 1024 * 1024;
    const hollow = new Uint8Array(mebibyte);
    const bodies = [content(18 * mebibyte, 21), content(18 * mebibyte + 1, 22), content(17 * mebibyte, 23)];
    const stored = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { level: 0 });
    const wanted: Uint8Array[] = [];
    const blobs = bodies.map((bytes, index) => {
      const path = folder.join(`zipped-${index}`);
      const isHollow = index < 2;
      const members = isHollow ? [gzipSync(hollow), stored(bytes)] : [stored(bytes)];
      writeFileSync(path, Buffer.concat(members));
      const whole = isHollow ? Buffer.concat([hollow, bytes]) : bytes;
      known.set(digestBytes(whole), whole);
      wanted.push(whole);
      return inflated(fileBlob(path), { algorithm: "gzip" });
    });
    expect(await Promise.all(blobs.map((blob) => expectedSize(blob)))).toEqual(
      bodies.map(({ length }) => length),
    );
    vi.stubEnv("DRAYAGE_WORKERS", "2");
    try {
      const { path, add, sequence, close } = open();
      expect(await Promise.all(blobs.map((blob) => add(blob)))).toEqual(blobs.map(() => undefined));
      await sequence.settle();
      close();
      expect(Buffer.compare(readFileSync(path), serial(new Uint8Array(), wanted))).toBe(0);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe("a sequence that is given up", () => {
  it("aborts what is on its way and writes nothing more, and keeps what was settled", async () => {
    const { path, add, sequence, close } = open();
    const kept = content(100, 1);
    await add(bytesBlob(kept));
    const mark = await sequence.settle();
    const endless = (): AsyncGenerator<Uint8Array> =>
      (async function* () {
        for (;;) {
          await setImmediate();
          yield new Uint8Array(1000);
        }
      })();
    const ends = [
      add(streamBlob(endless, { size: 1e9 })),
      add(streamBlob(endless, { size: 1e9 })),
      add(streamBlob(endless)),
      add(bytesBlob(content(10, 2))),
    ];
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    await sequence.rewind(mark);
    const stopped = readFileSync(path);
    expect((await Promise.all(ends)).map((error) => (error as { code?: string }).code)).toEqual(
      Array.from({ length: 4 }, () => "ERR_DRAYAGE_ABORTED"),
    );
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    expect(Buffer.compare(readFileSync(path), stopped)).toBe(0);
    expect(Buffer.compare(stopped, serial(new Uint8Array(), [kept]))).toBe(0);
    const other = content(77, 9);
    await add(bytesBlob(other));
    await sequence.settle();
    close();
    expect(Buffer.compare(readFileSync(path), serial(new Uint8Array(), [kept, other]))).toBe(0);
  });

  it("has stopped when nothing is written any more, by threads either", async () => {
    const large = folder.join("large");
    writeFileSync(large, content(20 * 1024 * 1024, 31));
    vi.stubEnv("DRAYAGE_WORKERS", "3");
    try {
      const { path, add, sequence, close } = open();
      let running = 3;
      const ends = Array.from({ length: running }, async () => {
        await add(fileBlob(large));
        running -= 1;
      });
      await vi.waitFor(() => expect(statSync(path).size).toBeGreaterThan(0));
      await sequence.stop();
      expect(running).toBe(0);
      await Promise.all(ends);
      close();
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it("lets one blob be aborted, also while it waits for its turn", async () => {
    const { path, add, sequence, close } = open();
    const [a, b] = [content(100, 1), content(50, 2)];
    const aborted = AbortSignal.abort();
    const later = new AbortController();
    const first = add(streamBlob(slow(a, 20)));
    const ends = [
      add(bytesBlob(b), { signal: aborted }),
      add(bytesBlob(b), { signal: later.signal }),
      add(bytesBlob(b)),
    ];
    await setImmediate();
    later.abort();
    expect((await Promise.all(ends)).map((error) => (error as { code?: string } | undefined)?.code)).toEqual([
      "ERR_DRAYAGE_ABORTED",
      "ERR_DRAYAGE_ABORTED",
      undefined,
    ]);
    expect(await first).toBeUndefined();
    await sequence.settle();
    close();
    expect(Buffer.compare(readFileSync(path), serial(new Uint8Array(), [a, b]))).toBe(0);
  });

  it("cannot be completed where bytes were lost while they were moved, until that is taken back", async () => {
    // Nothing can be read through this descriptor.
    const { path, add, sequence, close } = open(new Uint8Array(), "w");
    const [a, b] = [content(100, 1), content(200, 2)];
    expect(await Promise.all([add(bytesBlob(a)), add(bytesBlob(b)), add(bytesBlob(a))])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const { code, message } = await errorOf(sequence.settle());
    expect(code).toBe("ERR_DRAYAGE_IO");
    expect(message).toContain(JSON.stringify(path));
    expect(await add(bytesBlob(b))).toMatchObject({ code, message });
    expect(await errorOf(sequence.append(Buffer.from("x")))).toMatchObject({ code, message });
    await sequence.rewind(0);
    expect(readFileSync(path)).toHaveLength(0);
    await sequence.append(Buffer.from("anew"));
    expect(await sequence.settle()).toBe(4);
    close();
    expect(readFileSync(path, "utf8")).toBe("anew");
  });
});
