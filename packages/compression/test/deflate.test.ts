import { gunzipSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkLevel, inflate } from "../src/index.ts";
import { collect, cut, deflated, enginesToDeflate, latin1, pieces, sample } from "./helpers.ts";

const mebibyte = 1024 * 1024;

/** Bytes that do not compress. */
function noise(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 20;
  });
}

describe.each(enginesToDeflate("gzip"))("gzip by %s", (engine) => {
  it("is one member, which zlib inflates to the input", async () => {
    for (const length of [0, 1, 100, mebibyte - 1, mebibyte, mebibyte + 1, 2 * mebibyte + 777]) {
      const data = sample(length);
      const stream = await deflated(pieces(data, 300_000), "gzip", { engine });
      expect(Buffer.compare(gunzipSync(stream), data)).toBe(0);
      // One member: one deflate stream fills all that is between header and trailer.
      const { engine: raw } = inflateRawSync(stream.subarray(10), { info: true }) as unknown as {
        engine: { bytesWritten: number };
      };
      expect(raw.bytesWritten).toBe(stream.length - 18);
    }
  });

  it("has the same bytes however the input is cut, and however many blocks are in flight", async () => {
    const data = sample(2_500_000);
    const [whole, ...others] = await Promise.all([
      deflated([data], "gzip", { engine }),
      deflated(pieces(data, 10_007), "gzip", { engine, parallel: 1 }),
      deflated(pieces(data, mebibyte), "gzip", { engine, parallel: 2 }),
      deflated(cut(data, [5, 5, 1_000_000, 1_048_576]), "gzip", { engine, parallel: 7 }),
    ]);
    for (const other of others) expect(latin1(other)).toBe(latin1(whole));
  });

  it("uses the 32 KiB before a block", async () => {
    const unit = noise(30_000, 1);
    const start = Buffer.concat([new Uint8Array(mebibyte - unit.length), unit]);
    const [same, other] = await Promise.all(
      [unit, noise(30_000, 2)].map((next) => deflated([Buffer.concat([start, next])], "gzip", { engine })),
    );
    expect((other?.length ?? 0) - (same?.length ?? 0)).toBeGreaterThan(29_000);
  });

  it("has a header that tells nothing of the machine or the time", async () => {
    expect((await deflated([], "gzip", { engine })).subarray(0, 10)).toEqual(
      Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255),
    );
    expect((await deflated([], "gzip", { engine, level: 9 }))[8]).toBe(2);
    expect((await deflated([], "gzip", { engine, level: 1 }))[8]).toBe(4);
  });

  it("gives back any input at any level", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.nat(9), async (data, level) => {
        const stream = await deflated([data], "gzip", { engine, level });
        expect(latin1(gunzipSync(stream))).toBe(latin1(data));
      }),
      { numRuns: 50 },
    );
  });

  it("is smaller at much higher levels", async () => {
    const data = sample(500_000);
    const [none = 0, fast = 0, usual = 0, best = 0] = await Promise.all(
      [0, 1, 5, 9].map(async (level) => (await deflated([data], "gzip", { engine, level })).length),
    );
    expect(none).toBeGreaterThan(data.length);
    expect(fast).toBeLessThan(none);
    expect(usual).toBeLessThan(fast);
    expect(best).toBeLessThanOrEqual(usual);
  });
});

describe.each(enginesToDeflate("zstd"))("zstd by %s", (engine) => {
  it("gives back any input, however it is cut, in the same bytes", async () => {
    for (const length of [0, 1, 100, 4 * mebibyte, 4 * mebibyte + 1]) {
      const data = sample(length);
      const stream = await deflated([data], "zstd", { engine });
      expect(Buffer.compare(await collect(inflate([stream], "zstd")), data)).toBe(0);
      const other = await deflated(pieces(data, 999_999), "zstd", { engine, parallel: 1 });
      expect(Buffer.compare(other, stream)).toBe(0);
    }
  });

  it("gives back any input at levels from 1 to 22", async () => {
    for (const level of [1, 3, 12, 22]) {
      const data = sample(20_000, level);
      const stream = await deflated([data], "zstd", { engine, level });
      expect(latin1(await collect(inflate([stream], "zstd")))).toBe(latin1(data));
      expect(stream.length).toBeLessThan(data.length);
    }
  });

  it("is smaller at much higher levels", async () => {
    const data = sample(500_000);
    const [fast = 0, usual = 0, small = 0, best = 0] = await Promise.all(
      [1, 5, 12, 22].map(async (level) => (await deflated([data], "zstd", { engine, level })).length),
    );
    expect(usual).toBeLessThan(fast);
    expect(small).toBeLessThanOrEqual(usual);
    expect(best).toBeLessThan(usual);
  });

  it("has a checksum for every frame", async () => {
    const stream = await deflated([sample(5 * mebibyte)], "zstd", { engine });
    expect((stream[4] ?? 0) & 4).toBe(4);
    const last = stream.length - 1;
    stream[last] = (stream[last] ?? 0) ^ 1;
    await expect(collect(inflate([stream], "zstd"))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_COMPRESSION_INVALID",
    });
  });
});

it.each([
  ["gzip", -2],
  ["gzip", 10],
  ["gzip", 1.5],
  ["zstd", -1],
  ["zstd", 0],
  ["zstd", 23],
  ["zstd", Number.NaN],
] as const)("%s has no level %d, and a hint says which it has", (algorithm, level) => {
  const range = algorithm === "gzip" ? "0 to 9" : "1 to 22";
  expect(() => checkLevel(algorithm, level)).toThrow(
    expect.objectContaining({
      code: "ERR_DRAYAGE_USAGE",
      message: `${algorithm} has no compression level ${level}`,
      hint: `levels of ${algorithm} are ${range}`,
    }),
  );
});

it("the usual levels are 4 of gzip and 3 of zstd", () => {
  expect([checkLevel("gzip", undefined), checkLevel("zstd", undefined)]).toEqual([4, 3]);
  // As zlib calls it.
  expect(checkLevel("gzip", -1)).toBe(4);
});

it("a level out of range is refused before the source is touched", async () => {
  let touched = false;
  function* source(): Generator<Uint8Array> {
    touched = true;
    yield new Uint8Array(1);
  }
  await expect(deflated(source(), "gzip", { level: 10 })).rejects.toMatchObject({
    code: "ERR_DRAYAGE_USAGE",
  });
  expect(touched).toBe(false);
});
