import { bitBuffer, bitCount, dropBits, needBits, peekBits } from "./bits.ts";
import {
  bitsOf,
  byteOf,
  isEndOfBlock,
  isException,
  isLiteral,
  isSubtable,
  matchValue,
  subtableIndex,
} from "./entry.ts";
import {
  DISTANCE_TABLE_BITS,
  distanceTable,
  entryAt,
  LITERAL_LENGTH_TABLE_BITS,
  literalLengthTable,
} from "./huffman.ts";
import { copyMatch } from "./match.ts";
import { historyStart } from "./memory.ts";
import {
  CHUNK_FULL,
  DISTANCE_TOO_FAR,
  NEEDS_INPUT,
  STEP_ENDED,
  UNKNOWN_DISTANCE,
  UNKNOWN_LITERAL_LENGTH,
} from "./status.ts";
import { isChunkFull, outputNext, setOutputNext } from "./window.ts";

/** The bits of the longest match: two codes and their extra bits (RFC 1951, 3.2.5). */
const LONGEST_MATCH_BITS: u32 = 15 + 5 + 15 + 13;

/**
 * Inflates symbols up to the end of the block, of the input, or of the room in the chunk. Every look-up is checked
 * against the bits that there are, so that all literals and matches are given that the input holds completely.
 */
export function inflateCarefully(): u32 {
  while (!isChunkFull()) {
    needBits(LONGEST_MATCH_BITS);
    let entry = entryAt(literalLengthTable, peekBits(LITERAL_LENGTH_TABLE_BITS));
    let codeStart: u32 = 0;
    if (!isLiteral(entry) && isException(entry) && isSubtable(entry)) {
      codeStart = LITERAL_LENGTH_TABLE_BITS;
      entry = entryAt(literalLengthTable, subtableIndex(entry, bitBuffer >> codeStart));
    }
    const bits = codeStart + bitsOf(entry);
    if (bits > bitCount) return NEEDS_INPUT;
    if (isLiteral(entry)) {
      store<u8>(outputNext, byteOf(entry));
      setOutputNext(outputNext + 1);
      dropBits(bits);
      continue;
    }
    if (isException(entry)) {
      if (!isEndOfBlock(entry)) return UNKNOWN_LITERAL_LENGTH;
      dropBits(bits);
      return STEP_ENDED;
    }
    const status = inflateMatch(bits, matchValue(entry, bitBuffer >> codeStart));
    if (status !== STEP_ENDED) return status;
  }
  return CHUNK_FULL;
}

/** Inflates a match whose length takes `lengthBits`, and has not been dropped. */
function inflateMatch(lengthBits: u32, length: u32): u32 {
  let codeStart = lengthBits;
  let entry = entryAt(distanceTable, u32(bitBuffer >> codeStart) & ((1 << DISTANCE_TABLE_BITS) - 1));
  if (isException(entry) && isSubtable(entry)) {
    codeStart += DISTANCE_TABLE_BITS;
    entry = entryAt(distanceTable, subtableIndex(entry, bitBuffer >> codeStart));
  }
  const bits = codeStart + bitsOf(entry);
  if (bits > bitCount) return NEEDS_INPUT;
  if (isException(entry)) return UNKNOWN_DISTANCE;
  const distance = matchValue(entry, bitBuffer >> codeStart);
  if (distance > u32(outputNext - historyStart)) return DISTANCE_TOO_FAR;
  copyMatch(outputNext, length, distance);
  setOutputNext(outputNext + length);
  dropBits(bits);
  return STEP_ENDED;
}
