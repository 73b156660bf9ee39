import { bitBuffer, bitCount, inputEnd, inputNext, resumeBits } from "./bits.ts";
import {
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
  CONTINUES,
  DISTANCE_TOO_FAR,
  STEP_ENDED,
  UNKNOWN_DISTANCE,
  UNKNOWN_LITERAL_LENGTH,
} from "./status.ts";
import { isChunkFull, outputLimit, outputNext, setOutputNext } from "./window.ts";

const LITERAL_LENGTH_MASK: u64 = (1 << LITERAL_LENGTH_TABLE_BITS) - 1;
const DISTANCE_MASK: u64 = (1 << DISTANCE_TABLE_BITS) - 1;

/** The most input that one turn reads: two times 8 bytes. */
const INPUT_RESERVE: usize = 16;
/**
 * So much that there is at least one turn, which uses up the bits that are left of the input before: only then all whole
 * bytes in the buffer can be given back. The first refill takes 7 bytes.
 */
const ENOUGH_INPUT: usize = 7 + INPUT_RESERVE;

/**
 * Inflates symbols as long as there is so much of input and of room that neither has to be looked at within a turn.
 * A turn is up to three literals, or up to two of them and a match.
 *
 * The bits are in locals here, and bytes are read 8 at a time: `buffer` then holds 56 to 63 bits that count, and
 * above them bits that do not, but are right: reading them again changes nothing. Only the lowest 8 bits of `count`
 * count. A refill lasts for a turn up to the distance: three literals, or two of them and a length, take 11 + 11 + 20
 * bits at most, which leaves enough to look the next symbol up before the bits for it are read. Whatever the
 * processor can do early stands early: the next turn's entry is looked up before this one's match is copied.
 */
export function inflateFast(): u32 {
  if (inputEnd - inputNext < ENOUGH_INPUT || isChunkFull()) return CONTINUES;
  const lastInput = inputEnd - INPUT_RESERVE;
  const lastOutput = outputLimit;
  let next = inputNext;
  let output = outputNext;
  let buffer = bitBuffer;
  let count = bitCount;
  let status: u32 = CONTINUES;

  buffer |= load<u64>(next) << count;
  next += bytesTaken(count);
  count |= 56;
  let entry = literalLengthAt(buffer);
  while (next <= lastInput && output < lastOutput) {
    if (isLiteral(entry)) {
      store<u8>(output++, byteOf(entry));
      buffer >>= entry;
      count -= entry;
      entry = literalLengthAt(buffer);
      if (isLiteral(entry)) {
        store<u8>(output++, byteOf(entry));
        buffer >>= entry;
        count -= entry;
        entry = literalLengthAt(buffer);
        if (isLiteral(entry)) {
          store<u8>(output++, byteOf(entry));
          buffer >>= entry;
          count -= entry;
          entry = literalLengthAt(buffer);
          buffer |= load<u64>(next) << count;
          next += bytesTaken(count);
          count |= 56;
          continue;
        }
      }
    }
    if (isException(entry)) {
      if (isSubtable(entry)) {
        buffer >>= LITERAL_LENGTH_TABLE_BITS;
        count -= LITERAL_LENGTH_TABLE_BITS;
        entry = entryAt(literalLengthTable, subtableIndex(entry, buffer));
        if (isLiteral(entry)) {
          store<u8>(output++, byteOf(entry));
          buffer >>= entry;
          count -= entry;
          entry = literalLengthAt(buffer);
          buffer |= load<u64>(next) << count;
          next += bytesTaken(count);
          count |= 56;
          continue;
        }
      }
      if (isException(entry)) {
        status = isEndOfBlock(entry) ? STEP_ENDED : UNKNOWN_LITERAL_LENGTH;
        buffer >>= entry;
        count -= entry;
        break;
      }
    }
    const length = matchValue(entry, buffer);
    buffer >>= entry;
    count -= entry;

    buffer |= load<u64>(next) << count;
    next += bytesTaken(count);
    count |= 56;
    entry = entryAt(distanceTable, u32(buffer & DISTANCE_MASK));
    if (isException(entry)) {
      if (isSubtable(entry)) {
        buffer >>= DISTANCE_TABLE_BITS;
        count -= DISTANCE_TABLE_BITS;
        entry = entryAt(distanceTable, subtableIndex(entry, buffer));
      }
      if (isException(entry)) {
        status = UNKNOWN_DISTANCE;
        break;
      }
    }
    const distance = matchValue(entry, buffer);
    buffer >>= entry;
    count -= entry;
    if (distance > u32(output - historyStart)) {
      status = DISTANCE_TOO_FAR;
      break;
    }

    entry = literalLengthAt(buffer);
    buffer |= load<u64>(next) << count;
    next += bytesTaken(count);
    count |= 56;
    copyMatch(output, length, distance);
    output += length;
  }
  resumeBits(buffer, count & 0xff, next);
  setOutputNext(output);
  return status;
}

function literalLengthAt(buffer: u64): u32 {
  return entryAt(literalLengthTable, u32(buffer & LITERAL_LENGTH_MASK));
}

/** How many bytes of 8 fit whole above `count` bits: after them `count | 56` bits count. */
function bytesTaken(count: u32): u32 {
  return 7 - ((count >> 3) & 7);
}
