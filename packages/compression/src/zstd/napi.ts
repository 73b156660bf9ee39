import type { Transform } from "node:stream";
import { plain } from "../chunks.ts";
import type { DeflateEngine, InflateEngine } from "../engine.ts";
import { type Loaded, optional, reasonOf } from "../load.ts";
import { zstdWindowLog } from "./block-size.ts";
import { throughFrames } from "./node.ts";

/** As much of zstd-napi is used here. */
interface ZstdNapi {
  readonly Compressor: new () => NativeCompressor;
  readonly DecompressStream: new () => Transform;
}

interface NativeCompressor {
  setParameters(parameters: { compressionLevel: number; checksumFlag: boolean; windowLog: number }): void;
  compress(bytes: Uint8Array): Uint8Array;
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
    const { Compressor } = module();
    const compressor = new Compressor();
    return {
      engine: "zstd-napi",
      deflateBlock({ bytes, level }) {
        compressor.setParameters({ compressionLevel: level, checksumFlag: true, windowLog: zstdWindowLog });
        return plain(compressor.compress(bytes));
      },
      close: () => undefined,
    };
  },
};
