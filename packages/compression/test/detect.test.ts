import { describe, expect, it } from "vitest";
import { detectCompression, levels, magicLength } from "../src/index.ts";
import { checkLevel } from "../src/levels.ts";
import * as fixtures from "./fixtures.ts";

describe("detection by magic", () => {
  it.each([
    ["gzip", fixtures.gzip],
    ["zstd", fixtures.zstd],
    ["bzip2", fixtures.bzip2],
    ["bzip2", fixtures.bzip2Empty],
    ["xz", fixtures.xz],
    ["zstd", Uint8Array.of(0x50, 0x2a, 0x4d, 0x18)],
    ["zstd", Uint8Array.of(0x5f, 0x2a, 0x4d, 0x18)],
  ] as const)("finds %s in the first bytes", (algorithm, stream) => {
    expect(detectCompression(stream)).toBe(algorithm);
    expect(detectCompression(stream.subarray(0, magicLength))).toBe(algorithm);
  });

  it.each([
    [[]],
    [[0x1f]],
    [[0x1f, 0x8b]],
    [[0x1f, 0x8b, 0x07]],
    [[0x28, 0xb5, 0x2f]],
    [[0x4f, 0x2a, 0x4d, 0x18]],
    [[0x60, 0x2a, 0x4d, 0x18]],
    [[0x42, 0x5a, 0x68]],
    [[0x42, 0x5a, 0x68, 0x30]],
    [[0x42, 0x5a, 0x30, 0x39]],
    [[0xfd, 0x37, 0x7a, 0x58, 0x5a]],
    [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x01]],
    [[0x50, 0x4b, 0x03, 0x04]],
    [[0x75, 0x73, 0x74, 0x61, 0x72, 0x00]],
  ])("finds nothing in %j", (bytes) => {
    expect(detectCompression(Uint8Array.from(bytes))).toBeUndefined();
  });
});

describe("levels", () => {
  it("are of gzip and zstd only", () => {
    expect(() => checkLevel("zip" as "gzip", 1)).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_USAGE",
        message: "nothing is compressed with zip",
        hint: "choose one of gzip, zstd",
      }),
    );
  });

  it("have ranges, and a usual one", () => {
    expect(levels).toEqual({ gzip: { least: 0, most: 9, usual: 4 }, zstd: { least: 1, most: 22, usual: 3 } });
    expect(checkLevel("gzip", undefined)).toBe(4);
    expect(checkLevel("gzip", 0)).toBe(0);
    expect(checkLevel("zstd", 22)).toBe(22);
  });

  it.each([
    ["gzip", -2],
    ["gzip", 10],
    ["gzip", 1.5],
    ["gzip", Number.NaN],
    ["zstd", 0],
    ["zstd", 23],
  ] as const)("of %s do not include %d", (algorithm, level) => {
    const { least, most } = levels[algorithm];
    expect(() => checkLevel(algorithm, level)).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_USAGE",
        message: `${algorithm} has no compression level ${level}`,
        hint: `levels of ${algorithm} are ${least} to ${most}`,
      }),
    );
  });
});
