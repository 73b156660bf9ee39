import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { collect, sample } from "./helpers.ts";

let compression: typeof import("../src/index.ts");

beforeAll(async () => {
  vi.resetModules();
  vi.stubGlobal("WebAssembly", undefined);
  compression = await import("../src/index.ts");
});

afterAll(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

it("the table of engines says why the kernels are not taken, and node:zlib is", () => {
  const rows = compression
    .engines()
    .filter(({ algorithm, synchronous }) => algorithm === "gzip" && !synchronous);
  for (const direction of ["inflate", "deflate"] as const) {
    const [kernels, ...others] = rows.filter((row) => row.direction === direction);
    expect(kernels).toEqual({
      algorithm: "gzip",
      direction,
      engine: "kernels",
      synchronous: false,
      available: false,
      chosen: false,
      reason: "this runtime has no WebAssembly",
    });
    expect(others.filter(({ chosen }) => chosen).map(({ engine }) => engine)).toEqual(["node:zlib"]);
  }
});

it("gzip goes both ways without them", async () => {
  const plain = sample(100_000);
  const packed = await collect(compression.deflate([plain], { algorithm: "gzip" }));
  expect(gunzipSync(packed).equals(plain)).toBe(true);
  expect(Buffer.from(plain).equals(await collect(compression.inflate([packed], "gzip")))).toBe(true);
});

it("who asks for the kernels is told why they cannot serve", async () => {
  await expect(
    collect(compression.deflate([], { algorithm: "gzip", engine: "kernels" })),
  ).rejects.toMatchObject({
    code: "ERR_DRAYAGE_COMPRESSION_UNSUPPORTED",
    message: expect.stringContaining("this runtime has no WebAssembly"),
  });
});
