import { WINDOW_SIZE } from "./alphabets";
import { commonLength } from "./common";
import { matchOf } from "./sequences";

/*
 * The thorough match finder: hash chains. A hash of four bytes leads to the newest position that has it, and each
 * position in the window to the one before.
 */

const HASH_BITS: u32 = 15;
const heads = memory.data(4 * (1 << 15), 16);
/** For each position in the window, how far it is to the one before with the same hash. */
const links = memory.data(2 * 32 * 1024, 16);

export function clearChains(): void {
  memory.fill(heads, 0, 4 << HASH_BITS);
}

// @ts-ignore: a decorator of AssemblyScript's
@inline
function headOf(word: u32): usize {
  return usize((word * 0x9e3779b1) >> (32 - HASH_BITS)) << 2;
}

// @ts-ignore: a decorator of AssemblyScript's
@inline
function linkOf(position: usize): usize {
  return (position & (WINDOW_SIZE - 1)) << 1;
}

// @ts-ignore: a decorator of AssemblyScript's
@inline
export function addToChains(position: usize): void {
  const head = headOf(load<u32>(position));
  store<u16>(linkOf(position), min(u32(position) - load<u32>(head, heads), 0xffff), links);
  store<u32>(head, u32(position), heads);
}

// @ts-ignore: a decorator of AssemblyScript's
@inline
export function findInChains(position: usize, start: usize, longerThan: u32, most: u32, depth: u32, nice: u32): u32 {
  const word = load<u32>(position);
  const head = headOf(word);
  let candidateDistance = u32(position) - load<u32>(head, heads);
  store<u16>(linkOf(position), min(candidateDistance, 0xffff), links);
  store<u32>(head, u32(position), heads);
  const farthest = min(u32(position - start), WINDOW_SIZE);
  let length = max(longerThan, 3);
  if (length >= most) return 0;
  let distance: u32 = 0;
  for (; candidateDistance <= farthest; depth--) {
    const candidate = position - candidateDistance;
    if (load<u32>(candidate + length - 3) == load<u32>(position + length - 3) && load<u32>(candidate) == word) {
      const common = commonLength(position, candidate, most);
      if (common > length) {
        length = common;
        distance = candidateDistance;
        if (length >= nice || length >= most) break;
      }
    }
    if (depth == 1) break;
    candidateDistance += load<u16>(linkOf(candidate), links);
  }
  return distance == 0 ? 0 : matchOf(length, distance);
}
