import { LONGEST_MATCH } from "./alphabets.ts";
import { addToChains, depth, matchInChain } from "./chains.ts";
import { chunkStopOf, endChunk, findEndOf, skipLiterals } from "./chunk.ts";
import { countLiteral, countMatch } from "./frequencies.ts";
import { goodLength, lazyBelow } from "./levels.ts";
import { CHUNK_SEQUENCES, lengthOf, nextSequence, storeSequence } from "./sequences.ts";

/**
 * Parses a chunk with the thorough match finder. A match waits for the next position: where that has a longer one, it
 * becomes a literal.
 */
export function parseByChains(start: usize, from: usize, end: usize): usize {
  const stop = chunkStopOf(from, end);
  const findEnd = findEndOf(end);
  let sequence = nextSequence;
  const lastSequence = sequence + 4 * CHUNK_SEQUENCES;
  let position = from;
  let literals = from;
  let misses: u32 = 0;
  /** The match at the position before, which waits. */
  let waiting: u32 = 0;
  while (waiting != 0 || (position < stop && sequence < lastSequence)) {
    const waitingLength = lengthOf(waiting);
    let match: u32 = 0;
    if (position < stop && waitingLength < lazyBelow) {
      const most = min(u32(end - position), LONGEST_MATCH);
      match = matchInChain(
        position,
        start,
        waitingLength,
        most,
        waitingLength < goodLength ? depth : depth >> 2,
      );
    } else if (position < findEnd) {
      addToChains(position);
    }
    if (match != 0) {
      misses = 0;
      if (waiting != 0) countLiteral(load<u8>(position - 1));
      waiting = match;
      position++;
    } else if (waiting != 0) {
      sequence = storeSequence(sequence, u32(position - 1 - literals), waiting);
      countMatch(waiting);
      literals = position - 1 + waitingLength;
      waiting = 0;
      const addEnd = min(literals, findEnd);
      for (let toAdd = position + 1; toAdd < addEnd; toAdd++) addToChains(toAdd);
      position = literals;
    } else {
      position = skipLiterals(position, misses, stop);
      misses++;
    }
  }
  return endChunk(position, literals, end, sequence);
}
