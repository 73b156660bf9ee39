import type { DeflateEngine, InflateEngine } from "../engine.ts";
import { chunkSize } from "../engine.ts";
import { builtin } from "../load.ts";
import { through } from "../node-stream.ts";
import { crc32 } from "./crc32.ts";

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
  parallel: true,
  deflateBlock({ bytes, dictionary, last, level }) {
    const { deflateRaw, constants } = zlib();
    const finishFlush = last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
    const options = { level, finishFlush, memLevel: 9, ...(dictionary.length > 0 ? { dictionary } : {}) };
    return new Promise((resolve, reject) => {
      deflateRaw(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error)));
    });
  },
};

/** CRC-32 of a gzip trailer, going on from `value`: by node:zlib where it is there. */
export function gzipChecksum(bytes: Uint8Array, value: number): number {
  return (builtin("node:zlib")?.crc32 ?? crc32)(bytes, value);
}

function zlib(): typeof import("node:zlib") {
  const module = builtin("node:zlib");
  if (module === undefined) throw new TypeError("this engine needs Node");
  return module;
}

function unavailable(): string | undefined {
  return builtin("node:zlib") === undefined ? "it needs Node" : undefined;
}
