import type { DeflateAlgorithm } from "./algorithm.ts";
import { gzipChecksum } from "./gzip/checksum.ts";
import { gzipHeader, gzipTrailer } from "./gzip/frame.ts";
import { zstdBlockSize } from "./zstd/block-size.ts";

/**
 * How a stream is cut into blocks that are deflated each on its own, and what stands around them. The stream is
 * `header`, what comes of every block in order, `trailer()`.
 */
export interface BlockFormat {
  /** How much input each block has, but for the last. It decides the output's bytes, so it is not to be chosen. */
  readonly blockSize: number;
  /** How much of the input before a block its deflater is to be told; 0 where blocks know nothing of each other. */
  readonly dictionarySize: number;
  readonly header: Uint8Array;
  /** To be called for every block in order, with its input. */
  onBlock(bytes: Uint8Array): void;
  /** To be called after the last block. */
  trailer(): Uint8Array;
}

/**
 * The format of one new stream.
 *
 * gzip is one member, made of blocks as pigz makes them: each knows the 32 KiB before it, and ends on a byte. zstd is
 * one frame a block, each with its content's size and checksum (RFC 8878, 3.1: any number of frames is a stream).
 */
export function createBlockFormat(algorithm: DeflateAlgorithm, level: number): BlockFormat {
  return algorithm === "gzip" ? gzipFormat(level) : zstdFormat;
}

const nothing = new Uint8Array(0);

function gzipFormat(level: number): BlockFormat {
  let crc = 0;
  let size = 0;
  return {
    blockSize: 1024 * 1024,
    // As far back as deflate looks (RFC 1951).
    dictionarySize: 32 * 1024,
    header: gzipHeader(level),
    onBlock(bytes) {
      crc = gzipChecksum(bytes, crc);
      size += bytes.length;
    },
    trailer: () => gzipTrailer(crc, size),
  };
}

const zstdFormat: BlockFormat = {
  blockSize: zstdBlockSize,
  dictionarySize: 0,
  header: nothing,
  onBlock: () => undefined,
  trailer: () => nothing,
};
