import { invalid } from "../errors.ts";
import type { BitReader } from "./bits.ts";

const longestCode = 20;
const fastBits = 10;

/** A canonical prefix code of one of a block's tables. */
export interface HuffmanCode {
  /** The next symbol. */
  decode(bits: BitReader): number;
}

/** The code of `lengths`, one for each symbol, each 1 to 20. Throws where they make no prefix code. */
export function createHuffmanCode(lengths: Uint8Array): HuffmanCode {
  const counts = new Int32Array(longestCode + 2);
  for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1;

  // first[n]: the first code of length n; offset[n]: where its symbol stands in `symbols`.
  const first = new Int32Array(longestCode + 2);
  const offset = new Int32Array(longestCode + 2);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= longestCode; length++) {
    first[length] = code;
    offset[length] = index;
    const count = counts[length] ?? 0;
    code += count;
    index += count;
    if (code > 2 ** length) throw invalid("bzip2", "a table of codes is over-full");
    code <<= 1;
  }

  const symbols = new Uint16Array(lengths.length);
  const next = offset.slice();
  // For each possible start of 10 bits: the symbol and its code's length, or 0 for longer codes.
  const fast = new Uint16Array(2 ** fastBits);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] ?? 0;
    const place = next[length] ?? 0;
    next[length] = place + 1;
    symbols[place] = symbol;
    if (length > fastBits) continue;
    const start = ((first[length] ?? 0) + place - (offset[length] ?? 0)) << (fastBits - length);
    fast.fill((symbol << 5) | length, start, start + 2 ** (fastBits - length));
  }

  function decodeLong(bits: BitReader): number {
    const code = bits.peek(longestCode);
    for (let length = fastBits + 1; length <= longestCode; length++) {
      const rank = (code >>> (longestCode - length)) - (first[length] ?? 0);
      if (rank >= 0 && rank < (counts[length] ?? 0)) {
        bits.skip(length);
        return symbols[(offset[length] ?? 0) + rank] ?? 0;
      }
    }
    // No code fits: where bits are missing it is for want of them.
    bits.skip(longestCode);
    throw invalid("bzip2", "a code stands for nothing");
  }

  return {
    decode(bits) {
      const entry = fast[bits.peek(fastBits)] ?? 0;
      if (entry === 0) return decodeLong(bits);
      bits.skip(entry & 31);
      return entry >>> 5;
    },
  };
}
