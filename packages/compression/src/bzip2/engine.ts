import type { InflateEngine, SyncInflater } from "../engine.ts";
import { invalid, trailing, truncated } from "../errors.ts";
import { type BitReader, createBitReader, outOfBits } from "./bits.ts";
import { type Block, expand, readBlock } from "./block.ts";

/**
 * bzip2 in JavaScript, our own: of the libraries there are, none runs in a browser without Node's streams,
 * stays within bounds and checks what it reads.
 */
export const bzip2Inflate: InflateEngine = {
  algorithm: "bzip2",
  name: "drayage-bzip2",
  unavailable: () => undefined,
  createSync: createBzip2Inflater,
};

/**
 * A block has no length, so it is decoded once this many bytes are there, or the end. 900,000 symbols of
 * 20 bits, with tables and selectors, take less.
 */
const longestBlock = 2.5 * 1024 * 1024;

const blockMagic = [0x314159, 0x265359] as const;
const endMagic = [0x177245, 0x385090] as const;

function createBzip2Inflater(): SyncInflater {
  const bits = createBitReader();
  let links: Int32Array | undefined;
  let combined = 0;
  let streams = 0;

  /** Decodes one header, block or end. */
  function* step(): Generator<Uint8Array, void, undefined> {
    if (links === undefined) {
      links = new Int32Array(readHeader(bits, streams > 0));
      combined = 0;
      return;
    }
    const magic = [bits.read(24), bits.read(24)];
    if (isEqual(magic, blockMagic)) {
      const block: Block = readBlock(bits, links);
      combined = (((combined << 1) | (combined >>> 31)) ^ block.checksum) >>> 0;
      yield* expand(block);
      return;
    }
    if (!isEqual(magic, endMagic)) throw invalid("bzip2", "a block has another magic than blocks have");
    const checksum = bits.read(16) * 65536 + bits.read(16);
    if (checksum !== combined) throw invalid("bzip2", "the stream's checksum does not match");
    bits.align();
    links = undefined;
    streams++;
  }

  function* steps(enough: number): Generator<Uint8Array, void, undefined> {
    try {
      while (bits.available() >= enough) yield* step();
    } catch (error) {
      if (error !== outOfBits) throw error;
      throw enough > 1 ? invalid("bzip2", "a block is too long") : truncated("bzip2");
    }
  }

  return {
    engine: "drayage-bzip2",
    *push(chunk) {
      bits.push(chunk);
      yield* steps(longestBlock);
    },
    *finish() {
      yield* steps(1);
      if (links !== undefined || streams === 0) throw truncated("bzip2");
    },
    close() {
      links = undefined;
    },
  };
}

/** The stream's block size in bytes. */
function readHeader(bits: BitReader, later: boolean): number {
  const magic = bits.read(24);
  const level = bits.read(8) - 0x30;
  if (magic === 0x425a68 && level >= 1 && level <= 9) return level * 100_000;
  throw later ? trailing("bzip2") : invalid("bzip2", "it does not start with bzip2's magic");
}

function isEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, index) => value === b[index]);
}
