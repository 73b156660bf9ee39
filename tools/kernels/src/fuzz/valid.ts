import zlib from "node:zlib";
import type { Deflater } from "@drayage/kernels";
import { concat } from "./bytes.ts";
import { plainBytes } from "./plain.ts";
import type { Random } from "./random.ts";

const { constants } = zlib;
const strategies = [
  constants.Z_DEFAULT_STRATEGY,
  constants.Z_FILTERED,
  constants.Z_HUFFMAN_ONLY,
  constants.Z_RLE,
  constants.Z_FIXED,
];

/** A stream of node:zlib's with all its parameters at random, or of the deflate kernel's. */
export function validStream(random: Random, deflater?: Deflater): Uint8Array {
  const bytes = plainBytes(random, random.once(8) ? 400_000 : 20_000);
  return deflater !== undefined && random.once(3) ? byKernel(random, bytes, deflater) : byZlib(random, bytes);
}

function byZlib(random: Random, bytes: Uint8Array): Uint8Array {
  const options = {
    level: random.int(0, 9),
    strategy: random.pick(strategies),
    memLevel: random.int(1, 9),
    windowBits: random.int(9, 15),
  };
  if (!random.once(3)) return zlib.deflateRawSync(bytes, options);
  const cut = random.int(0, bytes.length);
  const finishFlush = random.pick([constants.Z_SYNC_FLUSH, constants.Z_FULL_FLUSH]);
  return concat([
    zlib.deflateRawSync(bytes.subarray(0, cut), { ...options, finishFlush }),
    zlib.deflateRawSync(bytes.subarray(cut), options),
  ]);
}

function byKernel(random: Random, bytes: Uint8Array, deflater: Deflater): Uint8Array {
  const cut = random.once(2) ? 0 : random.int(0, bytes.length);
  const level = random.int(1, 9);
  const first =
    cut > 0
      ? deflater.deflateBlock(bytes.subarray(0, cut), { level, last: false }).slice()
      : new Uint8Array(0);
  const dictionary = bytes.subarray(Math.max(0, cut - 32768), cut);
  const last = deflater.deflateBlock(bytes.subarray(cut), { level, dictionary, last: true }).slice();
  return concat([first, last]);
}
