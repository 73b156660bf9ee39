import { execFileSync } from "node:child_process";
import { describeWithPeers } from "@drayage-internal/peers";
import { describe, expect, it } from "vitest";
import { type Algorithm, createSyncInflater, inflate } from "../src/index.ts";
import { collect, concat, deflated, enginesToDeflate, pieces, sample, waysToInflate } from "./helpers.ts";

const mebibyte = 1024 * 1024;

function run(program: string, args: readonly string[], input: Uint8Array): Uint8Array {
  return execFileSync(program, args, { input, maxBuffer: 64 * mebibyte });
}

/** Inputs that formats have cases for: nothing, runs, what does not compress, and the usual. */
const inputs: readonly (readonly [string, Uint8Array])[] = [
  ["nothing", new Uint8Array(0)],
  ["one byte", Uint8Array.of(7)],
  ["a long run", new Uint8Array(1_300_000).fill(0x61)],
  ["runs of every length", Uint8Array.from({ length: 260 * 130 }, (_, at) => Math.sqrt(2 * at) & 0xff)],
  ["all byte values", Uint8Array.from({ length: 70_000 }, (_, at) => (at * 167) & 0xff)],
  ["noise", Uint8Array.from({ length: 150_000 }, (_, at) => (Math.imul(at, 0x9e3779b1) ^ (at * at)) >>> 13)],
  ["the usual", sample(1_200_000)],
];

async function checkAll(algorithm: Algorithm, stream: Uint8Array, expected: Uint8Array): Promise<void> {
  for (const way of waysToInflate(algorithm)) {
    const actual = await way.inflate(pieces(stream, 50_021));
    expect({ way: way.name, same: Buffer.compare(actual, expected) === 0 }).toEqual({
      way: way.name,
      same: true,
    });
  }
}

describeWithPeers("what gzip writes", ["gzip"], ({ gzip }) => {
  it.each(inputs)("is inflated by every engine: %s", async (_, input) => {
    for (const level of ["-1", "-6", "-9"]) await checkAll("gzip", run(gzip, [level, "-c"], input), input);
  });

  it("is taken back by gzip from every engine: all inputs", async () => {
    for (const engine of enginesToDeflate("gzip")) {
      for (const [, input] of inputs) {
        const stream = await deflated(pieces(input, 100_000), "gzip", { engine });
        expect(Buffer.compare(run(gzip, ["-dc"], stream), input)).toBe(0);
      }
    }
  });
});

describeWithPeers("what zstd writes", ["zstd"], ({ zstd }) => {
  it.each(inputs)("is inflated by every engine: %s", async (_, input) => {
    for (const args of [
      ["-1"],
      ["-3", "--no-check"],
      ["-15"],
      ["-5", `--stream-size=${input.length}`],
      ["-3", "--long=27"],
    ]) {
      await checkAll("zstd", run(zstd, [...args, "-q", "-c"], input), input);
    }
  });

  it("is taken back by zstd from every engine: all inputs", async () => {
    for (const engine of enginesToDeflate("zstd")) {
      for (const [, input] of inputs) {
        const stream = await deflated(pieces(input, 100_000), "zstd", { engine });
        expect(Buffer.compare(run(zstd, ["-dc", "-q"], stream), input)).toBe(0);
      }
    }
  });

  it("is refused where it asks for a window beyond the limit", async () => {
    const stream = run(zstd, ["-3", "--long=28", "-q", "-c"], sample(1000));
    await expect(collect(inflate([stream], "zstd"))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
    });
  });
});

describeWithPeers("what bzip2 writes", ["bzip2"], ({ bzip2 }) => {
  it.each(inputs)("is inflated: %s", async (_, input) => {
    for (const level of ["-1", "-9"]) await checkAll("bzip2", run(bzip2, [level, "-c"], input), input);
  });
});

describeWithPeers("what xz writes", ["xz"], ({ xz }) => {
  it.each(inputs)("is inflated: %s", async (_, input) => {
    const variants = [
      ["-0"],
      ["-6", "-C", "sha256"],
      ["-1", "--block-size=100000", "-C", "crc32"],
      ["--lzma2=preset=1,lc=0,lp=4,pb=0,dict=4096"],
      ["--lzma2=preset=1,lc=4,lp=0,pb=4,nice=273"],
      ["--lzma2=preset=0,lc=1,lp=2,pb=1,mode=normal"],
      ["-T2", "-1", "--block-size=200000"],
    ];
    for (const args of variants) await checkAll("xz", run(xz, [...args, "-c"], input), input);
  });

  it("is refused where it asks for a dictionary beyond the limit", async () => {
    const stream = run(xz, ["--lzma2=dict=192MiB", "-c"], sample(1000));
    await expect(collect(inflate([stream], "xz"))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
    });
  });
});

describe("several streams of different making in a row", () => {
  describeWithPeers("of xz", ["xz"], ({ xz }) => {
    it("are one", () => {
      const parts = [sample(10_000, 1), sample(20_000, 2)];
      const streams = parts.map((part, index) =>
        run(xz, [`-${index}`, "-C", index === 0 ? "none" : "sha256"], part),
      );
      const inflater = createSyncInflater("xz");
      const chunks = [...(inflater?.push(concat(streams)) ?? []), ...(inflater?.finish() ?? [])];
      expect(Buffer.compare(concat(chunks), concat(parts))).toBe(0);
    });
  });
});
