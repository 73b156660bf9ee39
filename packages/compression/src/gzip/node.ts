import type { ZlibOptions } from "node:zlib";
import { plain } from "../chunks.ts";
import type { DeflateBlock, DeflateEngine, InflateEngine } from "../engine.ts";
import { chunkSize } from "../engine.ts";
import { builtin } from "../load.ts";
import { through } from "../node-stream.ts";

/**
 * node:zlib in its thread pool. It goes on with the next member by itself and checks every trailer, but
 * ends silently at a zero byte after a member; `through` sees that by the count of bytes it took.
 */
export const nodeInflate: InflateEngine = {
  algorithm: "gzip",
  name: "node:zlib",
  unavailable,
  inflate(source, { signal }) {
    return through(source, { algorithm: "gzip", signal, create: () => zlib().createGunzip({ chunkSize }) });
  },
};

export const nodeDeflate: DeflateEngine = {
  algorithm: "gzip",
  name: "node:zlib",
  unavailable,
  open() {
    const { deflateRawSync } = zlib();
    return {
      engine: "node:zlib",
      deflateBlock: (block) => plain(deflateRawSync(block.bytes, rawOptions(block))),
      close: () => undefined,
    };
  },
  deflateBlock(block) {
    const { deflateRaw } = zlib();
    return new Promise((resolve, reject) => {
      deflateRaw(block.bytes, rawOptions(block), (error, result) =>
        error === null ? resolve(result) : reject(error),
      );
    });
  },
};

function rawOptions({ dictionary, last, level }: DeflateBlock): ZlibOptions {
  const { Z_FINISH, Z_SYNC_FLUSH } = zlib().constants;
  const options = { level, finishFlush: last ? Z_FINISH : Z_SYNC_FLUSH, memLevel: 9 };
  return dictionary.length > 0 ? { ...options, dictionary } : options;
}

function zlib(): typeof import("node:zlib") {
  const module = builtin("node:zlib");
  if (module === undefined) throw new TypeError("this engine needs Node");
  return module;
}

function unavailable(): string | undefined {
  return builtin("node:zlib") === undefined ? "it needs Node" : undefined;
}
