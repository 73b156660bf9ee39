import { constants, inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { BitWriter } from "../src/fuzz/bit-writer.ts";
import { chunkLimit, grammarStream, type Stream, writeChunkUpTo } from "../src/fuzz/grammar.ts";

import { guarded } from "../src/fuzz/guards.ts";
import { makeTargets, targetNames } from "../src/fuzz/kernels.ts";
import { minimised } from "../src/fuzz/minimise.ts";
import { verdictOn } from "../src/fuzz/oracle.ts";
import { Random } from "../src/fuzz/random.ts";
import { type Report, run } from "../src/fuzz/run.ts";
import { supervise } from "../src/fuzz/supervise.ts";
import type { Kernels } from "../src/fuzz/target.ts";
import { type DeflateFault, type InflateFault, standIns } from "./support/stand-ins.ts";

/** What the fuzzer says of `kernels`, up to its first failure. */
function reportsOn(kernels: Kernels, target: string, cases: number): Report[] {
  const reports: Report[] = [];
  run(() => makeTargets([target], kernels), {
    seed: 7,
    first: 0,
    more: (index) => index < cases && reports.length === 0,
    onFailure: (report) => reports.push(report),
  });
  return reports;
}

it.each(targetNames)("it has nothing to say of a right %s", (target) => {
  expect(reportsOn(standIns(), target, 150)).toEqual([]);
});

describe("it finds an inflater", () => {
  it.each<[InflateFault, RegExp]>([
    ["wrong byte", /^gives \d+ bytes that differ from zlib's \d+ at \d+$/],
    ["trap", /^throws RuntimeError: memory access out of bounds$/],
    ["endless", /^gives more than the \d+ bytes that zlib gives$/],
    ["lenient", /^accepts what zlib calls truncated$/],
    ["keeps back", /^keeps back \d+ bytes of a truncated stream$/],
    ["large chunks", /^gives \d+ bytes at once$/],
    ["takes too much", /^takes \d+ bytes of input, and zlib \d+$/],
  ])("with the fault: %s", (fault, problem) => {
    const [report] = reportsOn(standIns({ inflate: fault }), "inflate", 2000);
    expect(report).toMatchObject({
      target: "inflate",
      seed: 7,
      problem: expect.stringMatching(problem),
      alone: true,
    });
    expect(report?.smallest?.length).toBeLessThanOrEqual(report?.data?.length ?? 0);
  });

  it("that remembers the streams before, and says that the trial does not fail alone", () => {
    const [report] = reportsOn(standIns({ inflate: "remembers" }), "inflate", 2000);
    expect(report).toMatchObject({ alone: false });
  });
});

describe("it finds a deflater", () => {
  it.each<[DeflateFault, RegExp]>([
    ["wrong byte", /^makes a stream that inflates to something else from \d+ on$/],
    ["too long", /^makes \d+ bytes of \d+ at level \d$/],
    ["moody", /^gives other bytes the second time$/],
  ])("with the fault: %s", (fault, problem) => {
    const [report] = reportsOn(standIns({ deflate: fault }), "deflate", 500);
    expect(report).toMatchObject({ problem: expect.stringMatching(problem), alone: true });
  });
});

it("it finds a wrong checksum", () => {
  const right = standIns();
  const wrong = { ...right, crc64: (bytes: Uint8Array, value = 0n) => right.crc64(bytes, value) ^ 1n };
  expect(reportsOn(wrong, "checksums", 5)).toMatchObject([
    { problem: expect.stringMatching(/^crc64 is \d+$/) },
  ]);
});

it("it finds a gzip engine that does not look at the trailer", () => {
  const right = standIns();
  const createGzipInflater = () => {
    const inflater = right.createGzipInflater();
    return { ...inflater, finish: () => [] };
  };
  const reports = reportsOn({ ...right, createGzipInflater }, "gzip", 500);
  expect(reports).toMatchObject([{ problem: expect.stringMatching(/^accepts what zlib refuses: /) }]);
});

it("it finds a write to memory that is not the kernel's", () => {
  // A module with a page of memory, of which it says that it ends at 2048.
  const bytes = Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f],
    ...[0x03, 0x02, 0x01, 0x00, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x16, 0x02],
    ...[0x06, ...Buffer.from("memory"), 0x02, 0x00, 0x09, ...Buffer.from("memoryEnd"), 0x00, 0x00],
    ...[0x0a, 0x07, 0x01, 0x05, 0x00, 0x41, 0x80, 0x10, 0x0b],
  );
  const { made: memory, check } = guarded(() => instantiate(bytes));
  const view = new Uint8Array(memory.buffer);
  view.fill(1, 1024, 2048);
  expect(check).not.toThrow();
  view[1023] = 1;
  expect(check).toThrow("the memory at 1023, which no kernel uses, was written to");
  view[1023] = 0;
  view[2048] = 1;
  expect(check).toThrow("the memory at 2048, which no kernel uses, was written to");
});

function instantiate(bytes: Uint8Array): { readonly buffer: ArrayBuffer } {
  const { WebAssembly } = globalThis as unknown as {
    readonly WebAssembly: {
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Instance: new (
        module: object,
      ) => { readonly exports: { memory: { readonly buffer: ArrayBuffer } } };
    };
  };
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.memory;
}

it("a trial that does not end is ended, told, and followed by those after it", async () => {
  const reports: Report[] = [];
  const end = await supervise({
    worker: new URL("./support/hanging-worker.mjs", import.meta.url),
    job: { seed: 3, targets: ["one"], first: 0, end: 8, deadline: Number.POSITIVE_INFINITY },
    hangMilliseconds: 1500,
    onFailure: (report) => reports.push(report),
  });
  expect(end).toBe(8);
  expect(reports).toEqual([
    { target: "one", seed: 3, index: 2, what: "a trial", problem: "does not end", alone: false },
    { target: "one", seed: 3, index: 5, what: "a trial", problem: "is wrong", alone: true },
  ]);
});

it("a failing input is made as small as what fails in it", () => {
  const data = new Random(1).bytes(1000).map((byte) => byte || 1);
  data.set([7, 8, 9], 500);
  const smallest = minimised(data, (candidate) => Buffer.from(candidate).includes(Buffer.of(7, 8, 9)));
  expect([...smallest]).toEqual([7, 8, 9]);
});

it("streams by the grammar are of every kind: whole ones, cut ones and damaged ones", () => {
  const random = new Random(5);
  const counts: Record<string, number> = { ended: 0, truncated: 0, damaged: 0 };
  for (let index = 0; index < 400; index++) {
    const { kind = "too long" } = verdictOn(grammarStream(random)) ?? {};
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  expect(counts.ended).toBeGreaterThan(100);
  expect(counts.truncated).toBeGreaterThan(1);
  expect(counts.damaged).toBeGreaterThan(50);
});

it("streams by the grammar have blocks that end at every place about the end of a chunk, and then stored bytes", () => {
  const random = new Random(6);
  const ends = new Map<number, number>();
  for (let index = 0; index < 200; index++) {
    const stream: Stream = { random, out: new BitWriter(), wrongOnce: Number.POSITIVE_INFINITY, produced: 0 };
    const end = writeChunkUpTo(stream, chunkLimit + random.int(-4, 4));
    const output = inflateRawSync(stream.out.finish(), { finishFlush: constants.Z_SYNC_FLUSH });
    expect(output.length).toBe(stream.produced);
    if (output.length > end) ends.set(end - chunkLimit, (ends.get(end - chunkLimit) ?? 0) + 1);
  }
  for (let off = -3; off <= 3; off++) expect(ends.get(off) ?? 0).toBeGreaterThan(5);
});
