import { countLiteral } from "./frequencies.ts";
import { CHUNK_INPUT, resumeSequences, storeSequence } from "./sequences.ts";

/*
 * What both ways of parsing a chunk have in common: where it stops, and what becomes of bytes that no match was found for.
 */

/** After so many misses in a row (the power of two), each next one skips a byte more. */
const MISSES_BITS: u32 = 7;

/** Up to where there are as many bytes as a hash is of. */
export function findEndOf(end: usize): usize {
  return end - 3;
}

/** Where a chunk stops looking for matches. */
export function chunkStopOf(from: usize, end: usize): usize {
  return min(from + CHUNK_INPUT, findEndOf(end));
}

/**
 * Counts literals from `from` to `to`, of which there are the more the longer no match was found, so that bytes which
 * do not compress take less time. Gives where they end.
 */
export function skipLiterals(from: usize, misses: u32, stop: usize): usize {
  const to = min(from + 1 + (misses >> MISSES_BITS), stop);
  let position = from;
  do {
    countLiteral(load<u8>(position));
    position++;
  } while (position < to);
  return position;
}

/** Ends a chunk at `position`, or at the input's end where too few bytes follow it to be looked for. */
export function endChunk(position: usize, literals: usize, end: usize, place: usize): usize {
  if (position >= findEndOf(end)) {
    for (; position < end; position++) countLiteral(load<u8>(position));
  }
  resumeSequences(position > literals ? storeSequence(place, u32(position - literals), 0) : place);
  return position;
}
