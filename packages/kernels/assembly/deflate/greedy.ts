import { LONGEST_MATCH } from "./alphabets";
import { countLiteral, countMatch } from "./frequencies";
import { addToRows, findInRows } from "./rows";
import {
  CHUNK_INPUT,
  CHUNK_SEQUENCES,
  lengthOf,
  nextSequence,
  resumeSequences,
  storeSequence,
} from "./sequences";

/** Parses one chunk from `position` on. Gives where it ends. */
export function parseGreedily(start: usize, from: usize, end: usize): usize {
  let position = from;
  let place = nextSequence;
  const lastPlace = place + 4 * CHUNK_SEQUENCES;
  let literals = position;
  const stop = min(position + CHUNK_INPUT, end - 3);
  const hashEnd = end - 3;
  let misses: u32 = 0;
  while (position < stop && place < lastPlace) {
    const match = findInRows(position, start, min(u32(end - position), LONGEST_MATCH));
    if (match == 0) {
      let step = 1 + (misses >> 7);
      misses++;
      const to = min(position + step, stop);
      do {
        countLiteral(load<u8>(position));
        position++;
      } while (position < to);
      continue;
    }
    misses = 0;
    const length = lengthOf(match);
    place = storeSequence(place, u32(position - literals), match);
    countMatch(match);
    literals = position + length;
    const addEnd = min(literals, hashEnd);
    for (position++; position < addEnd; position++) addToRows(position);
    position = literals;
  }
  if (position >= hashEnd) {
    for (; position < end; position++) countLiteral(load<u8>(position));
  }
  if (position > literals) place = storeSequence(place, u32(position - literals), 0);
  resumeSequences(place);
  return position;
}
