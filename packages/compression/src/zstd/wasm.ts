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
    let memory = new Uint8Array(0);
    return {
      engine: "zstd-wasm",
      deflateBlock({ bytes, level }) {
        const frame = compress(bytes, level);
        const size = frame.length + checksumSize;
        if (memory.length < size) memory = new Uint8Array(size);
        const result = memory.subarray(0, size);
        result.set(frame);
        addChecksum(result, bytes);
        return result;
      },
      close: () => undefined,
    };
  },
};

const checksumSize = 4;

/** Fills the end of a frame with its content's checksum, which this library cannot be asked for (RFC 8878, 3.1.1). */
function addChecksum(frame: Uint8Array, content: Uint8Array): void {
  const checksum = createFrameChecksum();
  checksum.update(content);
  frame[4] = (frame[4] ?? 0) | 4;
  new DataView(frame.buffer, frame.byteOffset).setUint32(frame.length - checksumSize, checksum.value(), true);
}
