import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSyncInflater, deflate, engines, inflate } from "../src/index.ts";
import * as fixtures from "./fixtures.ts";
import { collect } from "./helpers.ts";

let before: string | undefined;
beforeEach(() => {
  before = process.env.DRAYAGE_ENGINE;
  delete process.env.DRAYAGE_ENGINE;
});
afterEach(() => {
  if (before === undefined) delete process.env.DRAYAGE_ENGINE;
  else process.env.DRAYAGE_ENGINE = before;
});

function chosen(): string[] {
  return engines()
    .filter((row) => row.chosen)
    .map((row) => `${row.algorithm} ${row.direction}${row.synchronous ? " synchronous" : ""}: ${row.engine}`);
}

/** node:zlib has zstd from Node 22.15 on. */
const hasNodeZstd = "createZstdDecompress" in process.getBuiltinModule("node:zlib");

/** zstd-napi is nobody's dependency, but someone may have installed it. */
const hasNapi = engines().some((row) => row.engine === "zstd-napi" && row.available);

const zstdDeflate = hasNodeZstd ? "node:zlib" : hasNapi ? "zstd-napi" : "zstd-wasm";

describe("the table of engines", () => {
  it("has one chosen engine for each thing that can be done", () => {
    const zstd = hasNodeZstd ? "node:zlib" : hasNapi ? "zstd-napi" : "fzstd";
    expect(chosen()).toEqual([
      "gzip inflate: kernels",
      `zstd inflate: ${zstd}`,
      "bzip2 inflate: drayage-bzip2",
      "xz inflate: drayage-xz",
      "gzip inflate synchronous: kernels",
      "zstd inflate synchronous: fzstd",
      "bzip2 inflate synchronous: drayage-bzip2",
      "xz inflate synchronous: drayage-xz",
      "gzip deflate: kernels",
      `zstd deflate: ${zstdDeflate}`,
    ]);
  });

  it.skipIf(hasNapi)("says why an engine is not available, and chooses none that is not", () => {
    const napi = engines().filter((row) => row.engine === "zstd-napi");
    expect(napi).toEqual(
      ["inflate", "deflate"].map((direction) => ({
        algorithm: "zstd",
        direction,
        engine: "zstd-napi",
        synchronous: false,
        available: false,
        chosen: false,
        reason: "it is not installed",
      })),
    );
    for (const row of engines()) expect("reason" in row).toBe(!row.available);
  });
});

describe("DRAYAGE_ENGINE", () => {
  it("puts the engines that it names first, each where it serves", () => {
    process.env.DRAYAGE_ENGINE = "pako, fzstd";
    expect(chosen()).toEqual([
      "gzip inflate: pako",
      "zstd inflate: fzstd",
      "bzip2 inflate: drayage-bzip2",
      "xz inflate: drayage-xz",
      "gzip inflate synchronous: pako",
      "zstd inflate synchronous: fzstd",
      "bzip2 inflate synchronous: drayage-bzip2",
      "xz inflate synchronous: drayage-xz",
      "gzip deflate: pako",
      `zstd deflate: ${zstdDeflate}`,
    ]);
    expect(createSyncInflater("gzip")?.engine).toBe("pako");
    delete process.env.DRAYAGE_ENGINE;
    expect(createSyncInflater("gzip")?.engine).toBe("kernels");
    process.env.DRAYAGE_ENGINE = "node:zlib";
    expect(chosen()).toContain("gzip inflate: node:zlib");
  });

  it.skipIf(hasNapi)("passes over an engine that is not available", () => {
    process.env.DRAYAGE_ENGINE = "zstd-napi,fzstd";
    expect(chosen()).toContain("zstd inflate: fzstd");
  });

  it("must name engines", async () => {
    process.env.DRAYAGE_ENGINE = "zlib";
    const refusal = {
      code: "ERR_DRAYAGE_USAGE",
      message: `DRAYAGE_ENGINE names no engine that there is: "zlib"`,
      hint: "engines are kernels, node:zlib, zlib-sync, pako, zstd-napi, fzstd, drayage-bzip2, drayage-xz, zstd-wasm",
    };
    expect(() => engines()).toThrow(expect.objectContaining(refusal));
    await expect(collect(inflate([fixtures.gzip], "gzip"))).rejects.toMatchObject(refusal);
  });
});

describe("an engine that is asked for by name", () => {
  it("is used, whatever DRAYAGE_ENGINE says", () => {
    process.env.DRAYAGE_ENGINE = "zlib-sync";
    expect(createSyncInflater("gzip", { engine: "pako" })?.engine).toBe("pako");
  });

  it("must be one that can do it", async () => {
    await expect(collect(inflate([fixtures.gzip], "gzip", { engine: "fzstd" }))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
      message: `no engine "fzstd" can inflate gzip`,
      hint: "engines for it are kernels, node:zlib, zlib-sync, pako",
    });
    await expect(collect(deflate([], { algorithm: "gzip", engine: "zlib-sync" }))).rejects.toMatchObject({
      message: `no engine "zlib-sync" can deflate gzip`,
    });
    expect(() => createSyncInflater("gzip", { engine: "node:zlib" })).toThrow(
      `no engine "node:zlib" can inflate gzip synchronously`,
    );
  });

  it.skipIf(hasNapi)("must be available", async () => {
    await expect(collect(inflate([fixtures.zstd], "zstd", { engine: "zstd-napi" }))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_COMPRESSION_UNSUPPORTED",
      message: "the engine zstd-napi cannot be used: it is not installed",
    });
  });
});
