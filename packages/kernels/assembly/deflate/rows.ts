import { WINDOW_SIZE } from "./alphabets.ts";
import { commonLength, hashOf, LEAST_MATCH } from "./matches.ts";
import { matchOf } from "./sequences.ts";

/*
 * The fast match finder: a hash table of rows. A row has the four newest positions whose next four bytes have the same
 * hash, the newest in its lowest 16 bits. All candidates come with one load, and a position is added by a shift,
 * where a chain needs loads that wait for each other.
 *
 * What costs most in such a loop is branches that are guessed wrong. So the four candidates are compared without any:
 * each gets a rank by how many of its first eight bytes are equal, and the highest one wins. Only where all eight are,
 * for a third of the matches, is there a loop.
 *
 * A position is kept modulo the window's size. So a distance is always one that deflate has, though it may lead to
 * wrong bytes where the entry is older than the window; then the comparison says so, at the price of any other.
 */

const ROW_BITS: u32 = 14;
const WAYS: u32 = 4;
const rows = memory.data(8 << 14, 16);

/** As many bytes are compared at first. */
const FIRST_COMPARED: u32 = 8;

export function clearRows(): void {
  memory.fill(rows, 0, 8 << ROW_BITS);
}

export function addToRows(position: usize): void {
  takeRow(position);
}

/** Adds a position, and gives the row as it was: the candidates. */
@inline
export function takeRow(position: usize): u64 {
  const row = hashOf(load<u32>(position), ROW_BITS) << 3;
  const candidates = load<u64>(row, rows);
  store<u64>(row, (candidates << 16) | (u64(position) & 0xffff), rows);
  return candidates;
}

/** The highest rank of the candidates. */
@inline
export function bestOf(position: usize, candidates: u64): u32 {
  const bytes = load<u64>(position);
  return max(
    max(rankOf(position, bytes, candidates, 0), rankOf(position, bytes, candidates, 1)),
    max(rankOf(position, bytes, candidates, 2), rankOf(position, bytes, candidates, 3)),
  );
}

/** How many of the first eight bytes are equal, times four; of candidates that are equal in this, the newest is best. */
@inline
function rankOf(position: usize, bytes: u64, candidates: u64, way: u32): u32 {
  const difference = load<u64>(position - distanceOf(position, candidates, way)) ^ bytes;
  return ((u32(ctz(difference)) >> 3) << 2) | (WAYS - 1 - way);
}

/** How many bytes the best candidate has in common with the position: at most {@link FIRST_COMPARED}. */
@inline
export function lengthByRank(rank: u32): u32 {
  return rank >> 2;
}

@inline
function distanceOf(position: usize, candidates: u64, way: u32): u32 {
  return ((u32(position) - 1 - u32(candidates >> (way << 4))) & (WINDOW_SIZE - 1)) + 1;
}

/** The longest match with one of the candidates, `best` being the highest rank of them; at most `most` bytes. */
@inline
export function matchByRank(position: usize, candidates: u64, best: u32, start: usize, most: u32): u32 {
  let length = lengthByRank(best);
  if (length < LEAST_MATCH) return 0;
  let way = WAYS - 1 - (best & (WAYS - 1));
  let distance = distanceOf(position, candidates, way);
  if (length == FIRST_COMPARED) {
    length = commonLength(position, position - distance, FIRST_COMPARED);
    for (way++; way < WAYS; way++) {
      const otherDistance = distanceOf(position, candidates, way);
      const other = position - otherDistance;
      // To be longer, it has to be equal at the end of what is longest so far.
      if (load<u32>(position + length - 3) != load<u32>(other + length - 3)) continue;
      const otherLength = commonLength(position, other, 0);
      if (otherLength > length) {
        length = otherLength;
        distance = otherDistance;
      }
    }
  }
  return distance > u32(position - start) ? 0 : matchOf(min(length, most), distance);
}
