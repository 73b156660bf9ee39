import { plain } from "../chunks.ts";
import type { ByteSource, DeflateBlock, DeflateEngine, InflateEngine } from "../engine.ts";
import { chunkSize } from "../engine.ts";
import { builtin } from "../load.ts";
import { type ThroughOptions, through } from "../node-stream.ts";
import { zstdWindowLog } from "./block-size.ts";
import { createFrameScanner } from "./frames.ts";

type Zlib = typeof import("node:zlib");

/** node:zlib's zstd, from Node 22.15 on. */
export const nodeZstdInflate: InflateEngine = {
  algorithm: "zstd",
  name: "node:zlib",
  unavailable,
  inflate(source, { signal }) {
    return throughFrames(source, { signal, create: () => zlib().createZstdDecompress({ chunkSize }) });
  },
};

export const nodeZstdDeflate: DeflateEngine = {
  algorithm: "zstd",
  name: "node:zlib",
  unavailable,
  open() {
    const { zstdCompressSync } = zlib();
    let frame: Uint8Array = new Uint8Array(0);
    let room = 0;
    const close = () => {
      free(frame, room);
      frame = new Uint8Array(0);
    };
    return {
      engine: "node:zlib",
      deflateBlock(block) {
        close();
        const options = frameOptions(block);
        room = options.chunkSize;
        frame = plain(zstdCompressSync(block.bytes, options));
        return frame;
      },
      close,
    };
  },
  deflateBlock(block) {
    const { zstdCompress, constants } = zlib();
    // Told to end the frame with the first write, it gives what the sync function gives; but it ends another one,
    // of nothing, with the stream. Left alone, it ends full blocks with an empty one.
    const options = { ...frameOptions(block), flush: constants.ZSTD_e_end };
    return new Promise((resolve, reject) => {
      zstdCompress(block.bytes, options, (error, frames) =>
        error === null ? resolve(firstFrame(frames)) : reject(error),
      );
    });
  },
};

function frameOptions({ bytes, level }: DeflateBlock): ZstdOptions {
  const { constants } = zlib();
  return {
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: 1,
      [constants.ZSTD_c_windowLog]: zstdWindowLog,
    },
    // So that the frame's header tells it.
    pledgedSrcSize: bytes.length,
    // Where all of the output has room, zstd compresses from the input itself instead of a sliding copy of it.
    chunkSize: compressBound(bytes.length),
  };
}

/** The most bytes that zstd makes of `size` bytes (ZSTD_COMPRESSBOUND), and a few for an empty frame. */
function compressBound(size: number): number {
  return size + (size >> 8) + (size < 128 * 1024 ? (128 * 1024 - size) >> 11 : 0) + 64;
}

/**
 * Gives the memory of a frame back, `room` bytes of it. Left to the garbage collector, to whom it is not in sight how
 * much there is, 50 MB of such memory lie about.
 */
function free(frame: Uint8Array, room: number): void {
  const { buffer }: { readonly buffer: Transferable } = frame;
  // A small one may lie among others, in a buffer of Node's.
  if (room > 0 && buffer.byteLength === room) buffer.transfer?.(0);
}

/** The types of Node 20 do not know this either. */
interface Transferable {
  readonly byteLength: number;
  transfer?(size: number): unknown;
}

function firstFrame(stream: Uint8Array): Uint8Array {
  let length = 0;
  for (const piece of createFrameScanner().scan(stream)) {
    if (piece.type === "end") break;
    if (piece.type === "bytes") length += piece.bytes.length;
  }
  return stream.subarray(0, length);
}

/** The frames of `source` through a decompressing stream of Node's. */
export async function* throughFrames(
  source: ByteSource,
  options: Omit<ThroughOptions, "algorithm">,
): AsyncGenerator<Uint8Array, void, undefined> {
  const frames = framesOf(source);
  const first = await frames.next();
  // There was nothing but what may be skipped; a decoder would call that truncated.
  if (first.done === true) return;
  const { value } = first;
  async function* all(): AsyncGenerator<Uint8Array, void, undefined> {
    yield value;
    yield* frames;
  }
  yield* through(all(), { ...options, algorithm: "zstd" });
}

/**
 * The frames of `source` without what may be skipped. No chunk has bytes of two frames: node:zlib takes
 * the end of a frame for the end of all where anything follows in the same chunk. And the structure is
 * followed here because no decoder tells reliably where a stream ends too early.
 */
async function* framesOf(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  const scanner = createFrameScanner();
  for await (const chunk of source) {
    for (const piece of scanner.scan(chunk)) if (piece.type === "bytes") yield piece.bytes;
  }
  scanner.finish();
}

interface ZstdOptions {
  readonly params: Readonly<Record<number, number>>;
  readonly pledgedSrcSize: number;
  readonly chunkSize: number;
  readonly flush?: number;
}

/** The types of Node 20, which this is checked with, do not know zstd. */
interface ZstdZlib extends Omit<Zlib, "constants"> {
  createZstdDecompress(options: { chunkSize: number }): ReturnType<Zlib["createGunzip"]>;
  zstdCompressSync(bytes: Uint8Array, options: ZstdOptions): Uint8Array;
  zstdCompress(
    bytes: Uint8Array,
    options: ZstdOptions,
    callback: (error: Error | null, result: Uint8Array) => void,
  ): void;
  constants: Readonly<
    Record<"ZSTD_c_compressionLevel" | "ZSTD_c_checksumFlag" | "ZSTD_c_windowLog" | "ZSTD_e_end", number>
  >;
}

function zlib(): ZstdZlib {
  return builtin("node:zlib") as unknown as ZstdZlib;
}

function unavailable(): string | undefined {
  const module = builtin("node:zlib");
  if (module === undefined) return "it needs Node";
  return "createZstdDecompress" in module ? undefined : "it needs Node 22.15";
}
