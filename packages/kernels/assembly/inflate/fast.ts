import { bitBuffer, bitCount, inputEnd, inputNext, resumeBits } from "./bits.ts";
import {
  isEndOfBlock,
  isException,
  isLiteral,
  isSubtable,
  literalCountOf,
  literalsOf,
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
import { outputLimit, outputNext, setOutputNext } from "./window.ts";

const LITERAL_LENGTH_MASK: u64 = (1 << LITERAL_LENGTH_TABLE_BITS) - 1;
const DISTANCE_MASK: u64 = (1 << DISTANCE_TABLE_BITS) - 1;

/** The most input that one turn reads: two times 8 bytes, of which the first refill uses up 7. And some more. */
const INPUT_RESERVE: usize = 32;

/**
 * Inflates symbols as long as there is so much of input and of room that neither has to be looked at within a
 * turn. A turn is up to three entries of literals, and a match.
 *
 * The bits are in locals here, and bytes are read 8 at a time: `buffer` then holds 56 to 63 bits that count, and
 * above them bits that do not, but are right: when the same byte is read again they are the same. Only the lowest
 * 8 bits of `count` count.
 */
export function inflateFast(): u32 {
  if (inputEnd - inputNext < INPUT_RESERVE) return CONTINUES;
  const lastInput = inputEnd - INPUT_RESERVE;
  const lastOutput = outputLimit;
  let next = inputNext;
  let output = outputNext;
  let buffer = bitBuffer;
  let count = bitCount;
  let status: u32 = CONTINUES;
  while (next <= lastInput && output < lastOutput) {
    buffer |= load<u64>(next) << count;
    next += 7 - ((count >> 3) & 7);
    count |= 56;
    let entry = entryAt(literalLengthTable, u32(buffer & LITERAL_LENGTH_MASK));
    if (isLiteral(entry)) {
      store<u16>(output, literalsOf(entry));
      output += literalCountOf(entry);
      buffer >>= entry;
      count -= entry;
      entry = entryAt(literalLengthTable, u32(buffer & LITERAL_LENGTH_MASK));
      if (isLiteral(entry)) {
        store<u16>(output, literalsOf(entry));
        output += literalCountOf(entry);
        buffer >>= entry;
        count -= entry;
        entry = entryAt(literalLengthTable, u32(buffer & LITERAL_LENGTH_MASK));
        if (isLiteral(entry)) {
          store<u16>(output, literalsOf(entry));
          output += literalCountOf(entry);
          buffer >>= entry;
          count -= entry;
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
          store<u16>(output, literalsOf(entry));
          output += 1;
          buffer >>= entry;
          count -= entry;
          continue;
        }
      }
      if (isException(entry)) {
        if (isEndOfBlock(entry)) {
          buffer >>= entry;
          count -= entry;
          status = STEP_ENDED;
        } else status = UNKNOWN_LITERAL_LENGTH;
        break;
      }
    }
    const length = matchValue(entry, buffer);
    buffer >>= entry;
    count -= entry;

    buffer |= load<u64>(next) << count;
    next += 7 - ((count >> 3) & 7);
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
    copyMatch(output, length, distance);
    output += length;
  }
  resumeBits(buffer, count & 0xff, next);
  setOutputNext(output);
  return status;
}
