import { throwIfAborted } from "@drayage/errors";
import type { DeflateAlgorithm } from "./algorithm.ts";
import { createBlockFormat } from "./block-format.ts";
import { blocksOf, chunksOf } from "./chunks.ts";
import type { BlockDeflater, ByteSource, DeflateBlock, DeflateEngine } from "./engine.ts";
import { chooseDeflate } from "./engines.ts";
import { interruptible } from "./interruptible.ts";
import { checkLevel } from "./levels.ts";
import { builtin } from "./load.ts";
import { turn } from "./turns.ts";

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

/**
 * `source` compressed. The output's bytes depend on the input, the level and the engine, and on nothing
 * else: neither on how the input is cut into chunks, nor on `parallel`. What they are is told by {@link createBlockFormat}.
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
  const format = createBlockFormat(algorithm, level);
  const lanes = await openLanes(engine, options.parallel);
  const inFlight: Promise<Uint8Array>[] = [];
  let dictionary: Uint8Array = new Uint8Array(0);
  try {
    if (format.header.length > 0) yield format.header;
    for await (const { bytes, last } of blocksOf(interruptible(source, signal), format.blockSize)) {
      throwIfAborted(signal);
      format.onBlock(bytes);
      inFlight.push(lanes.deflateBlock({ bytes, dictionary, last, level }));
      dictionary = bytes.subarray(Math.max(0, bytes.length - format.dictionarySize));
      while (inFlight.length >= lanes.count || last) {
        const next = inFlight.shift();
        if (next === undefined) break;
        for (const chunk of chunksOf(await next)) {
          yield chunk;
          throwIfAborted(signal);
        }
      }
    }
    const trailer = format.trailer();
    if (trailer.length > 0) yield trailer;
  } finally {
    lanes.close();
  }
}

/**
 * What deflates one block at a time without promises, with the engine that {@link deflate} would take; what comes of
 * the blocks of a {@link createBlockFormat} is what `deflate` gives.
 *
 * @throws ERR_DRAYAGE_USAGE, ERR_DRAYAGE_COMPRESSION_UNSUPPORTED
 */
export async function createBlockDeflater(
  algorithm: DeflateAlgorithm,
  options: { readonly engine?: string | undefined } = {},
): Promise<BlockDeflater> {
  return chooseDeflate(algorithm, options.engine).open();
}

/** How many blocks are deflated at a time, and by what. */
interface Lanes {
  readonly count: number;
  deflateBlock(block: DeflateBlock): Promise<Uint8Array>;
  close(): void;
}

async function openLanes(engine: DeflateEngine, parallel: number | undefined): Promise<Lanes> {
  if (engine.deflateBlock === undefined) {
    const deflater = await engine.open();
    return {
      count: 1,
      async deflateBlock(block) {
        await turn();
        // What it gives is valid until the next block; what `deflate` yields is the consumer's.
        return deflater.deflateBlock(block).slice();
      },
      close: () => deflater.close(),
    };
  }
  const { deflateBlock } = engine;
  return {
    count: Math.max(1, Math.floor(parallel ?? usualParallel())),
    deflateBlock(block) {
      const result = deflateBlock(block);
      // It is awaited in its turn; until then a failure must not count as unhandled.
      result.catch(() => {});
      return result;
    },
    close: () => undefined,
  };
}

/** node:zlib's blocks share libuv's pool, which has four threads unless told otherwise. */
function usualParallel(): number {
  return Math.min(4, builtin("node:os")?.availableParallelism() ?? 1);
}
