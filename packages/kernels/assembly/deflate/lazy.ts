import { LONGEST_MATCH } from "./alphabets";
import { addToChains, findInChains } from "./chains";
import { countLiteral, countMatch } from "./frequencies";
import { depth, good, lazy, nice } from "./levels";
import {
  CHUNK_INPUT,
  CHUNK_SEQUENCES,
  lengthOf,
  nextSequence,
  resumeSequences,
  storeSequence,
} from "./sequences";

export function parseLazily(start: usize, from: usize, end: usize): usize {
  let position = from;
  let place = nextSequence;
  const lastPlace = place + 4 * CHUNK_SEQUENCES;
  let literals = position;
  const stop = min(position + CHUNK_INPUT, end - 3);
  const hashEnd = end - 3;
  let misses: u32 = 0;
  let pending: u32 = 0;
  while (place < lastPlace) {
    const pendingLength = lengthOf(pending);
    let match: u32 = 0;
    if (position < stop) {
      if (pendingLength >= lazy) addToChains(position);
      else {
        match = findInChains(
          position,
          start,
          pendingLength,
          min(u32(end - position), LONGEST_MATCH),
          pendingLength >= good ? depth >> 2 : depth,
          nice,
        );
      }
    } else if (pending == 0) break;
    if (match != 0) {
      if (pending != 0) countLiteral(load<u8>(position - 1));
      misses = 0;
      pending = match;
      position++;
      continue;
    }
    if (pending != 0) {
      place = storeSequence(place, u32(position - 1 - literals), pending);
      countMatch(pending);
      literals = position - 1 + pendingLength;
      const addEnd = min(literals, hashEnd);
      if (position >= stop && position < addEnd) addToChains(position);
      for (position++; position < addEnd; position++) addToChains(position);
      position = literals;
      pending = 0;
      continue;
    }
    const step = 1 + (misses >> 8);
    misses++;
    const to = min(position + step, stop);
    do {
      countLiteral(load<u8>(position));
      position++;
    } while (position < to);
  }
  if (position >= hashEnd) {
    for (; position < end; position++) countLiteral(load<u8>(position));
  }
  if (position > literals) place = storeSequence(place, u32(position - literals), 0);
  resumeSequences(place);
  return position;
}
