import { throwIfAborted } from "@drayage/errors";
import type { DeflateAlgorithm } from "./algorithm.ts";
import { blocksOf, chunksOf } from "./chunks.ts";
import type { ByteSource, DeflateEngine } from "./engine.ts";
import { chooseDeflate } from "./engines.ts";
import { gzipHeader, gzipTrailer } from "./gzip/frame.ts";
import { gzipChecksum } from "./gzip/node.ts";
import { interruptible } from "./interruptible.ts";
import { checkLevel } from "./levels.ts";
import { builtin } from "./load.ts";

export interface DeflateOptions {
  readonly algorithm: DeflateAlgorithm;
  /** gzip: 0 to 9, usually 4; zstd: 1 to 22, usually 3. */
  readonly level?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How many blocks may be in flight, where the engine has threads: as many as there are processors, at most 4. */
  readonly parallel?: number | undefined;
  /** The name of the engine to use: see `engines()`. */
  readonly engine?: string | undefined;
}

/** How much input a block has. It decides the output's bytes, so it is not to be chosen. */
const blockSize: Readonly<Record<DeflateAlgorithm, number>> = { gzip: 1024 * 1024, zstd: 4 * 1024 * 1024 };

/** How far back deflate looks (RFC 1951). */
const gzipWindow = 32 * 1024;

/**
 * `source` compressed. The output's bytes depend on the input, the level and the engine, and on nothing
 * else: neither on how the input is cut into chunks, nor on `parallel`.
 *
 * gzip is one member, made of blocks as pigz makes them: each knows the 32 KiB before it, and ends on a
 * byte. zstd is one frame a block, each with its checksum (RFC 8878 allows any number).
 *
 * @throws ERR_DRAYAGE_USAGE, ERR_DRAYAGE_COMPRESSION_UNSUPPORTED, ERR_DRAYAGE_ABORTED
 */
export async function* deflate(
  source: ByteSource,
  options: DeflateOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { algorithm, signal } = options;
  const level = checkLevel(algorithm, options.level);
  const engine = chooseDeflate(algorithm, options.engine);
  throwIfAborted(signal);
  const chunks = interruptible(source, signal);
  if (algorithm === "zstd") {
    yield* deflateBlocks(chunks, { engine, level, signal, parallel: options.parallel });
    return;
  }
  const checksum = { crc: 0, size: 0 };
  const onBlock = (bytes: Uint8Array) => {
    checksum.crc = gzipChecksum(bytes, checksum.crc);
    checksum.size += bytes.length;
  };
  yield gzipHeader(level);
  yield* deflateBlocks(chunks, { engine, level, signal, parallel: options.parallel, onBlock });
  yield gzipTrailer(checksum.crc, checksum.size);
}

interface BlockOptions {
  readonly engine: DeflateEngine;
  readonly level: number;
  readonly signal: AbortSignal | undefined;
  readonly parallel: number | undefined;
  onBlock?(bytes: Uint8Array): void;
}

async function* deflateBlocks(
  source: ByteSource,
  { engine, level, signal, parallel, onBlock }: BlockOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const inFlight: Promise<Uint8Array>[] = [];
  const most = engine.parallel ? Math.max(1, Math.floor(parallel ?? usualParallel())) : 1;
  let dictionary: Uint8Array = new Uint8Array(0);
  for await (const { bytes, last } of blocksOf(source, blockSize[engine.algorithm])) {
    throwIfAborted(signal);
    onBlock?.(bytes);
    const result = Promise.resolve(engine.deflateBlock({ bytes, dictionary, last, level }));
    // It is awaited in its turn; until then a failure must not count as unhandled.
    result.catch(() => {});
    inFlight.push(result);
    dictionary = bytes.subarray(-gzipWindow);
    while (inFlight.length >= most || last) {
      const next = inFlight.shift();
      if (next === undefined) break;
      for (const chunk of chunksOf(await next)) {
        yield chunk;
        throwIfAborted(signal);
      }
    }
  }
}

/** node:zlib's blocks share libuv's pool, which has four threads unless told otherwise. */
function usualParallel(): number {
  return Math.min(4, builtin("node:os")?.availableParallelism() ?? 1);
}
