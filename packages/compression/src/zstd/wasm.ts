import { DrayageError } from "@drayage/errors";
import type { DeflateEngine } from "../engine.ts";
import { createFrameChecksum } from "./checksum.ts";

type Library = typeof import("@bokuweb/zstd-wasm");

let library: Promise<Library> | undefined;

async function load(): Promise<Library> {
  try {
    const module = await import("@bokuweb/zstd-wasm");
    await module.init();
    return module;
  } catch (cause) {
    throw new DrayageError("ERR_DRAYAGE_COMPRESSION_UNSUPPORTED", "the engine zstd-wasm cannot be loaded", {
      hint: "a bundler must emit the .wasm file of @bokuweb/zstd-wasm beside its output",
      cause,
    });
  }
}

/** zstd in WebAssembly, for Node before 22.15 and for browsers. */
export const wasmDeflate: DeflateEngine = {
  algorithm: "zstd",
  name: "zstd-wasm",
  unavailable: () => undefined,
  async open() {
    library ??= load();
    const { compress } = await library;
    return {
      engine: "zstd-wasm",
      deflateBlock: ({ bytes, level }) => withChecksum(compress(bytes, level), bytes),
      close: () => undefined,
    };
  },
};

/** The frame with its content's checksum, which this library cannot be asked for (RFC 8878, 3.1.1). */
function withChecksum(frame: Uint8Array, content: Uint8Array): Uint8Array {
  const checksum = createFrameChecksum();
  checksum.update(content);
  const result = new Uint8Array(frame.length + 4);
  result.set(frame);
  result[4] = (result[4] ?? 0) | 4;
  new DataView(result.buffer).setUint32(frame.length, checksum.value(), true);
  return result;
}
