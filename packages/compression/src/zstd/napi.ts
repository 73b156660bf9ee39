import type { Transform } from "node:stream";
import type { DeflateEngine, InflateEngine } from "../engine.ts";
import { type Loaded, optional, reasonOf } from "../load.ts";
import { throughFrames } from "./node.ts";

/** As much of zstd-napi is used here. */
interface ZstdNapi {
  compress(bytes: Uint8Array, parameters: { compressionLevel: number; checksumFlag: boolean }): Uint8Array;
  readonly DecompressStream: new () => Transform;
}

function library(): Loaded<ZstdNapi> {
  return optional<ZstdNapi>("zstd-napi");
}

function module(): ZstdNapi {
  const loaded = library();
  if ("reason" in loaded) throw new TypeError(`zstd-napi: ${loaded.reason}`);
  return loaded.module;
}

/** Native libzstd, where the package zstd-napi is installed. */
export const napiInflate: InflateEngine = {
  algorithm: "zstd",
  name: "zstd-napi",
  unavailable: () => reasonOf(library()),
  inflate(source, { signal }) {
    const { DecompressStream } = module();
    return throughFrames(source, { signal, create: () => new DecompressStream() });
  },
};

export const napiDeflate: DeflateEngine = {
  algorithm: "zstd",
  name: "zstd-napi",
  unavailable: () => reasonOf(library()),
  open() {
    const { compress } = module();
    return {
      engine: "zstd-napi",
      deflateBlock: ({ bytes, level }) => compress(bytes, { compressionLevel: level, checksumFlag: true }),
      close: () => undefined,
    };
  },
};
