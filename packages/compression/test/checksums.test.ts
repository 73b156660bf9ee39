import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { bzip2Checksum } from "../src/bzip2/crc32.ts";
import { gzipChecksum } from "../src/gzip/checksum.ts";
import { crc32 } from "../src/gzip/crc32.ts";
import { createCrc64 } from "../src/xz/crc64.ts";
import { createFrameChecksum } from "../src/zstd/checksum.ts";
import { createXxh64 } from "../src/zstd/xxh64.ts";
import { cut } from "./helpers.ts";

const digits = new TextEncoder().encode("123456789");

it("CRC-32 is zlib's, also in steps", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.array(fc.nat(), { maxLength: 3 }), (bytes, cuts) => {
      expect(crc32(bytes)).toBe(zlibCrc32(bytes));
      expect(cut(bytes, cuts).reduce((value, chunk) => crc32(chunk, value), 0)).toBe(zlibCrc32(bytes));
    }),
  );
});

it("the checksums of 123456789 are those of the catalogue of CRCs", () => {
  expect(crc32(digits)).toBe(0xcbf43926);
  expect(bzip2Checksum(digits)).toBe(0xfc891918);
  const crc64 = createCrc64();
  for (const digit of digits) crc64.update(Uint8Array.of(digit));
  expect(Buffer.from(crc64.value()).reverse().toString("hex")).toBe("995dc9bbdf1939fa");
});

it("the checksum of a gzip trailer goes on through an array without memory", () => {
  const none = new Uint8Array(new BigUint64Array(0).buffer, 0, 0);
  expect(gzipChecksum(none, 7)).toBe(7);
});

describe("the checksum of a gzip trailer", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.doUnmock("@drayage/kernels");
    vi.resetModules();
  });

  it.each([
    { name: "is node:zlib's where there is one", node: true, webAssembly: true, byKernel: 0 },
    { name: "is the kernel's outside Node", node: false, webAssembly: true, byKernel: 2 },
    {
      name: "is computed in JavaScript where there is no WebAssembly",
      node: false,
      webAssembly: false,
      byKernel: 0,
    },
  ])("$name", async ({ node, webAssembly, byKernel }) => {
    vi.resetModules();
    const kernels = await vi.importActual<typeof import("@drayage/kernels")>("@drayage/kernels");
    const crc32OfKernel = vi.fn(kernels.crc32);
    vi.doMock("@drayage/kernels", () => ({ ...kernels, crc32: crc32OfKernel }));
    if (!node) vi.stubGlobal("process", { ...process, getBuiltinModule: undefined });
    if (!webAssembly) vi.stubGlobal("WebAssembly", undefined);
    const { gzipChecksum: checksum } = await import("../src/gzip/checksum.ts");
    expect(checksum(digits.subarray(4), checksum(digits.subarray(0, 4), 0))).toBe(0xcbf43926);
    expect(crc32OfKernel).toHaveBeenCalledTimes(byKernel);
  });
});

/** XXH64 as its specification has it, with BigInt: slow, and as plain as can be. */
function plainXxh64(bytes: Uint8Array): bigint {
  const mask = (1n << 64n) - 1n;
  const primes = [
    0x9e3779b185ebca87n,
    0xc2b2ae3d27d4eb4fn,
    0x165667b19e3779f9n,
    0x85ebca77c2b2ae63n,
    0x27d4eb2f165667c5n,
  ];
  const [p1 = 0n, p2 = 0n, p3 = 0n, p4 = 0n, p5 = 0n] = primes;
  const rotate = (value: bigint, bits: bigint) => ((value << bits) | (value >> (64n - bits))) & mask;
  const round = (lane: bigint, input: bigint) => (rotate((lane + input * p2) & mask, 31n) * p1) & mask;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lanes = [(p1 + p2) & mask, p2, 0n, -p1 & mask];
  let at = 0;
  for (; at + 32 <= bytes.length; at += 32) {
    for (const [index, lane] of lanes.entries())
      lanes[index] = round(lane, view.getBigUint64(at + 8 * index, true));
  }
  let hash = p5;
  if (bytes.length >= 32) {
    const turns = [1n, 7n, 12n, 18n];
    hash = lanes.reduce((sum, lane, index) => sum + rotate(lane, turns[index] ?? 0n), 0n) & mask;
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * p1 + p4) & mask;
  }
  hash = (hash + BigInt(bytes.length)) & mask;
  for (; at + 8 <= bytes.length; at += 8) {
    hash = (rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * p1 + p4) & mask;
  }
  if (at + 4 <= bytes.length) {
    hash = (rotate(hash ^ ((BigInt(view.getUint32(at, true)) * p1) & mask), 23n) * p2 + p3) & mask;
    at += 4;
  }
  for (; at < bytes.length; at++)
    hash = (rotate(hash ^ ((BigInt(bytes[at] ?? 0) * p5) & mask), 11n) * p1) & mask;
  hash = ((hash ^ (hash >> 33n)) * p2) & mask;
  hash = ((hash ^ (hash >> 29n)) * p3) & mask;
  return hash ^ (hash >> 32n);
}

/** Short contents mostly, and some about what the kernel takes at once. */
const contents = fc.oneof(
  { weight: 30, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 65_500, max: 65_600 })
      .map((length) => Uint8Array.from({ length }, (_, at) => Math.imul(at, 0x9e3779b1) >>> 11)),
  },
);

it.each([
  ["in halves", createXxh64],
  ["by the kernel", createFrameChecksum],
] as const)("XXH64 %s is XXH64 in whole numbers, however the bytes are cut", (_, create) => {
  // The value that the algorithm's own documentation gives for no bytes.
  expect(plainXxh64(new Uint8Array(0))).toBe(0xef46db3751d8e999n);
  fc.assert(
    fc.property(contents, fc.array(fc.nat(), { maxLength: 4 }), (bytes, cuts) => {
      const hash = create();
      for (const chunk of cut(bytes, cuts)) hash.update(chunk);
      expect(BigInt(hash.value())).toBe(plainXxh64(bytes) & 0xffffffffn);
    }),
    { numRuns: 500 },
  );
});

it("checksums of frames that are computed in turns do not meddle", () => {
  const frames = [0, 1, 2].map((seed) => Uint8Array.from({ length: 1000 }, (_, at) => at * (seed + 3)));
  const checksums = frames.map(() => createFrameChecksum());
  for (let at = 0; at < 1000; at += 37) {
    for (const [index, bytes] of frames.entries()) checksums[index]?.update(bytes.subarray(at, at + 37));
  }
  expect(checksums.map((checksum) => BigInt(checksum.value()))).toEqual(
    frames.map((bytes) => plainXxh64(bytes) & 0xffffffffn),
  );
});

it("a frame's checksum is computed in JavaScript where there is no WebAssembly", async () => {
  vi.resetModules();
  vi.stubGlobal("WebAssembly", undefined);
  try {
    const { createFrameChecksum: create } = await import("../src/zstd/checksum.ts");
    const checksum = create();
    checksum.update(digits);
    expect(BigInt(checksum.value())).toBe(plainXxh64(digits) & 0xffffffffn);
  } finally {
    vi.unstubAllGlobals();
    vi.resetModules();
  }
});
