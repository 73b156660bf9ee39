import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  frameHeaderLength,
  type RandomAccess,
  readFrameContentSize,
  readGzipSize,
  readZstdSize,
} from "../src/index.ts";
import * as fixtures from "./fixtures.ts";
import { concat, deflated, enginesToDeflate, sample } from "./helpers.ts";

const mebibyte = 1024 * 1024;

/** The stream in a "file" whose buffer is used again for every read, and how much was read of it. */
function fileOf(stream: Uint8Array): RandomAccess & { readonly bytesRead: () => number } {
  const buffer = new Uint8Array(4096);
  let bytesRead = 0;
  return {
    size: stream.length,
    read(offset, length) {
      const part = stream.subarray(offset, offset + length);
      buffer.fill(0xa5);
      buffer.set(part);
      bytesRead += part.length;
      return buffer.subarray(0, part.length);
    },
    bytesRead: () => bytesRead,
  };
}

function zstdSize(...parts: readonly Uint8Array[]): number | undefined {
  return readZstdSize(fileOf(concat(parts)));
}

/** A frame of `blocks`, each a raw one of no more than 31 bytes, whose header is `header`. */
function frame(header: readonly number[], blocks: readonly Uint8Array[]): Uint8Array {
  const body = blocks.map((bytes, index) => {
    const last = index === blocks.length - 1 ? 1 : 0;
    return concat([Uint8Array.of((bytes.length << 3) | last, 0, 0), bytes]);
  });
  return concat([Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, ...header), ...body]);
}

const skippable = Uint8Array.of(0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);
const damaged = { code: "ERR_DRAYAGE_COMPRESSION_INVALID" };

describe("the size of a zstd stream", () => {
  describe.each(enginesToDeflate("zstd"))("written by %s", (engine) => {
    it.each([0, 1, 255, 256, 65_791, 65_792, 4 * mebibyte, 9 * mebibyte + 5])(
      "is told by its frames: %i bytes",
      async (length) => {
        const stream = await deflated([sample(length)], "zstd", { engine });
        expect(zstdSize(stream)).toBe(length);
        expect(readFrameContentSize(stream.subarray(0, frameHeaderLength))).toBe(
          Math.min(length, 4 * mebibyte),
        );
      },
    );

    it("takes reading a small part of it", async () => {
      const file = fileOf(await deflated([sample(9 * mebibyte)], "zstd", { engine }));
      expect(readZstdSize(file)).toBe(9 * mebibyte);
      expect(file.bytesRead()).toBeLessThan(file.size / 10);
    });
  });

  it("counts the frames around skippable ones, which have nothing", () => {
    expect(zstdSize(skippable)).toBe(0);
    expect(zstdSize(skippable, fixtures.zstd, skippable, fixtures.zstdBlocks, skippable)).toBe(
      fixtures.text.length + 300_000,
    );
  });

  it("is unknown where a frame does not tell it", () => {
    expect(zstdSize(frame([0x00, 0x40], [Uint8Array.of(1)]))).toBe(undefined);
    expect(zstdSize(fixtures.zstd, frame([0x00, 0x40], [Uint8Array.of(1)]))).toBe(undefined);
  });

  it("is unknown where a frame tells more than can be counted", () => {
    const huge = frame([0xc0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x40], [Uint8Array.of(1)]);
    expect(zstdSize(huge)).toBe(undefined);
    expect(readFrameContentSize(huge)).toBe(undefined);
  });

  it("passes over blocks of any number", () => {
    const blocks = Array.from({ length: 3000 }, (_, index) => new Uint8Array(index % 31));
    const total = blocks.reduce((size, block) => size + block.length, 0);
    const header = [0xa0, total & 255, (total >> 8) & 255, total >> 16, 0];
    expect(zstdSize(frame(header, blocks))).toBe(total);
  });

  it("is refused where the stream ends within something, wherever that is", async () => {
    const { length } = fixtures.zstdBlocks;
    for (let end = 0; end < length; end++) {
      expect(() => zstdSize(fixtures.zstdBlocks.subarray(0, end))).toThrow(expect.objectContaining(damaged));
    }
    for (let end = 1; end < skippable.length; end++) {
      expect(() => zstdSize(fixtures.zstd, skippable.subarray(0, end))).toThrow(
        expect.objectContaining(damaged),
      );
    }
  });

  it("is refused where something else follows, or is there in its place", () => {
    expect(() => zstdSize(fixtures.zstd, new Uint8Array(5))).toThrow("something else follows its end");
    expect(() => zstdSize(fixtures.gzip)).toThrow("it does not start with zstd's magic");
  });

  it("is a number, undefined, or an error, whatever the bytes are", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2000), { maxLength: 4 }), fc.nat(255), (places, value) => {
        const stream = concat([fixtures.zstd, fixtures.zstdBlocks, skippable]);
        for (const place of places) stream[place % stream.length] = value;
        try {
          const size = zstdSize(stream);
          expect(size === undefined || Number.isSafeInteger(size)).toBe(true);
        } catch (error) {
          expect(String((error as { code?: string }).code)).toMatch(/^ERR_DRAYAGE_(COMPRESSION|LIMIT)_/);
        }
      }),
    );
  });
});

describe("the size of a frame's content", () => {
  it("is read from headers of every form", () => {
    const forms: readonly (readonly [readonly number[], number | undefined])[] = [
      [[0x20, 200], 200],
      [[0x60, 0x34, 0x12], 0x1234 + 256],
      [[0xa0, 1, 2, 3, 4], 0x04030201],
      [[0xe0, 1, 0, 0, 4, 0, 0, 0, 0], 0x04000001],
      [[0x40, 0x40, 0, 0], 256],
      [[0xc3, 0x40, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0], 2 ** 32 + 5],
      [[0x00, 0x40], undefined],
    ];
    for (const [header, size] of forms) {
      expect({ header, size: readFrameContentSize(frame(header, [])) }).toEqual({ header, size });
    }
  });

  it("is unknown of a header that is not all there, and of something else", () => {
    expect(readFrameContentSize(frame([0xa0, 1, 2, 3], []))).toBe(undefined);
    expect(readFrameContentSize(new Uint8Array(0))).toBe(undefined);
    expect(readFrameContentSize(skippable)).toBe(undefined);
    expect(readFrameContentSize(fixtures.gzip)).toBe(undefined);
  });
});

describe("the size of a gzip stream", () => {
  it("is in its last four bytes", () => {
    expect(readGzipSize(fixtures.gzip)).toBe(fixtures.text.length);
    expect(readGzipSize(fixtures.gzip.slice(-4))).toBe(fixtures.text.length);
    expect(readGzipSize(Uint8Array.of(9, 0xff, 0xff, 0xff, 0xff))).toBe(2 ** 32 - 1);
  });

  it("needs four bytes", () => {
    expect(() => readGzipSize(new Uint8Array(3))).toThrow(expect.objectContaining(damaged));
  });
});
