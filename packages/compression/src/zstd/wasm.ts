import type { DeflateEngine } from "../engine.ts";
import { createXxh64 } from "./xxh64.ts";

type Library = typeof import("@bokuweb/zstd-wasm");

let library: Promise<Library> | undefined;

async function load(): Promise<Library> {
  const module = await import("@bokuweb/zstd-wasm");
  await module.init();
  return module;
}

/** zstd in WebAssembly: runs everywhere. */
export const wasmDeflate: DeflateEngine = {
  algorithm: "zstd",
  name: "zstd-wasm",
  unavailable: () => undefined,
  parallel: false,
  async deflateBlock({ bytes, level }) {
    library ??= load();
    const { compress } = await library;
    return withChecksum(compress(bytes, level), bytes);
  },
};

/** The frame with its content's checksum, which this library cannot be asked for (RFC 8878, 3.1.1). */
function withChecksum(frame: Uint8Array, content: Uint8Array): Uint8Array {
  const hash = createXxh64();
  hash.update(content);
  const result = new Uint8Array(frame.length + 4);
  result.set(frame);
  result[4] = (result[4] ?? 0) | 4;
  new DataView(result.buffer).setUint32(frame.length, hash.low32(), true);
  return result;
}
