import { WINDOW_SIZE } from "./alphabets.ts";
import { commonLength, hashOf, LEAST_MATCH } from "./matches.ts";
import { matchOf } from "./sequences.ts";

/*
 * The thorough match finder: hash chains. A hash of four bytes leads to the newest position that has it, and each
 * position in the window to the one before that had the same.
 */

const HASH_BITS: u32 = 15;
const heads = memory.data(4 << 15, 16);
/**
 * For each position in the window, how far it is to the one before with the same hash. What is more than the window's
 * size ends the chain, so 16 bits are enough.
 */
const links = memory.data(2 * 32 * 1024, 16);
const NO_LINK: u32 = 0xffff;

export function clearChains(): void {
  memory.fill(heads, 0, 4 << HASH_BITS);
}

function linkOf(position: usize): usize {
  return (position & (WINDOW_SIZE - 1)) << 1;
}

/** Adds a position, and gives the distance of the newest candidate. */
function takeHead(position: usize): u32 {
  const head = hashOf(load<u32>(position), HASH_BITS) << 2;
  // Where there is no such position yet, this is the position itself, for which no window is large enough.
  const distance = u32(position) - load<u32>(head, heads);
  store<u16>(linkOf(position), min(distance, NO_LINK), links);
  store<u32>(head, u32(position), heads);
  return distance;
}

export function addToChains(position: usize): void {
  takeHead(position);
}

/** How a chain is searched. */
export let depth: u32 = 0;
export let nice: u32 = 0;

/**
 * @param candidates How many candidates are compared at most, at least 1.
 * @param niceLength A match of this length is good enough to stop at.
 */
export function setSearch(candidates: u32, niceLength: u32): void {
  depth = candidates;
  nice = niceLength;
}

/** The longest match that is longer than `known`, of `most` bytes at most, with one of `candidates`. */
export function matchInChain(position: usize, start: usize, known: u32, most: u32, candidates: u32): u32 {
  let candidateDistance = takeHead(position);
  let length = max(known, LEAST_MATCH - 1);
  if (length >= most) return 0;
  const bytes = load<u32>(position);
  const farthest = min(u32(position - start), WINDOW_SIZE);
  const enough = min(nice, most);
  let distance: u32 = 0;
  while (candidateDistance <= farthest) {
    const candidate = position - candidateDistance;
    // To be longer, it has to be equal at the end of what is longest so far.
    if (
      load<u32>(candidate + length - 3) == load<u32>(position + length - 3) &&
      load<u32>(candidate) == bytes
    ) {
      const candidateLength = min(commonLength(position, candidate, LEAST_MATCH), most);
      if (candidateLength > length) {
        length = candidateLength;
        distance = candidateDistance;
        if (length >= enough) break;
      }
    }
    candidates--;
    if (candidates == 0) break;
    candidateDistance += load<u16>(linkOf(candidate), links);
  }
  return distance == 0 ? 0 : matchOf(length, distance);
}
