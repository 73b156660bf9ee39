import { LONGEST_MATCH } from "./alphabets.ts";
import { chunkStopOf, endChunk, findEndOf, skipLiterals } from "./chunk.ts";
import { countLiteral, countMatch } from "./frequencies.ts";
import { addStep, lazyBelow } from "./levels.ts";
import { addToRows, bestOf, lengthByRank, matchByRank, takeRow } from "./rows.ts";
import { CHUNK_SEQUENCES, lengthOf, nextSequence, storeSequence } from "./sequences.ts";

/**
 * Parses a chunk with the fast match finder.
 *
 * The candidates for the position after a match are loaded before the positions within the match are added: their
 * loads then need not wait until the processor knows, by a branch that it often guesses wrong, how many these are.
 */
export function parseByRows(start: usize, from: usize, end: usize): usize {
  const stop = chunkStopOf(from, end);
  const findEnd = findEndOf(end);
  const lazy = lazyBelow;
  const step = addStep;
  let sequence = nextSequence;
  const lastSequence = sequence + 4 * CHUNK_SEQUENCES;
  let position = from;
  let literals = from;
  let misses: u32 = 0;
  let candidates = takeRow(position);
  let best = bestOf(position, candidates);
  while (position < stop && sequence < lastSequence) {
    let match = matchByRank(position, candidates, best, start, min(u32(end - position), LONGEST_MATCH));
    if (match == 0) {
      position = skipLiterals(position, misses, stop);
      misses++;
      candidates = takeRow(position);
      best = bestOf(position, candidates);
      continue;
    }
    misses = 0;
    let toAdd = position + 1;
    while (lengthOf(match) < lazy && toAdd < stop) {
      const next = toAdd;
      candidates = takeRow(next);
      best = bestOf(next, candidates);
      toAdd = next + 1;
      if (lengthByRank(best) <= min(lengthOf(match), 7)) break;
      const nextMatch = matchByRank(next, candidates, best, start, min(u32(end - next), LONGEST_MATCH));
      if (lengthOf(nextMatch) <= lengthOf(match)) break;
      countLiteral(load<u8>(position));
      match = nextMatch;
      position = next;
    }
    sequence = storeSequence(sequence, u32(position - literals), match);
    position += lengthOf(match);
    literals = position;
    candidates = takeRow(position);
    best = bestOf(position, candidates);
    countMatch(match);
    const addEnd = min(position, findEnd);
    for (; toAdd < addEnd; toAdd += step) addToRows(toAdd);
  }
  return endChunk(position, literals, end, sequence);
}
