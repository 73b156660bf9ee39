import { LONGEST_MATCH } from "./alphabets.ts";

/*
 * What both match finders need. A match is a word as a sequence has it (see sequences.ts), or 0 where there is none.
 */

/** The shortest match that is looked for. Those of three bytes gain little, and cost a table of their own. */
export const LEAST_MATCH: u32 = 4;

/**
 * How many bytes are equal at two places, where the first `known` are: up to the longest match, or a few more. It reads
 * eight at a time, and so goes up to seven bytes beyond the longest match.
 */
export function commonLength(one: usize, other: usize, known: u32): u32 {
  for (let length = known; length < LONGEST_MATCH; length += 8) {
    const difference = load<u64>(one + length) ^ load<u64>(other + length);
    if (difference != 0) return length + u32(ctz(difference) >> 3);
  }
  return LONGEST_MATCH;
}

/** A hash of four bytes, of so many bits. Knuth's: the factor is near 2^32 divided by the golden ratio. */
export function hashOf(bytes: u32, bits: u32): usize {
  return usize((bytes * 0x9e3779b1) >> (32 - bits));
}
