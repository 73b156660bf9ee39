import { WINDOW_SIZE } from "./alphabets";
import { commonLength } from "./common";
import { matchOf } from "./sequences";

/*
 * The fast match finder: a hash table of rows. A row has the last four positions with the same hash of four bytes, the
 * newest in its lowest 16 bits. So all candidates come with one load, and a position is added by a shift, where a
 * chain needs loads that wait for each other.
 *
 * Only the low 16 bits of a position are kept, so that a row that was not used for 64 KiB gives wrong candidates. This
 * costs a comparison, no more: what is taken are only equal bytes within the window.
 */

const ROW_BITS: u32 = 14;
const rows = memory.data(8 * (1 << 14), 16);

export function clearRows(): void {
  memory.fill(rows, 0, 8 << ROW_BITS);
}

// @ts-ignore: a decorator of AssemblyScript's
@inline
function rowOf(word: u32): usize {
  return usize((word * 0x9e3779b1) >> (32 - ROW_BITS)) << 3;
}

// @ts-ignore: a decorator of AssemblyScript's
@inline
export function addToRows(position: usize): void {
  const row = rowOf(load<u32>(position));
  store<u64>(row, (load<u64>(row, rows) << 16) | (u64(position) & 0xffff), rows);
}

// @ts-ignore: a decorator of AssemblyScript's
@inline
export function findInRows(position: usize, start: usize, most: u32): u32 {
  const word = load<u32>(position);
  const row = rowOf(word);
  let candidates = load<u64>(row, rows);
  store<u64>(row, (candidates << 16) | (u64(position) & 0xffff), rows);
  const farthest = min(u32(position - start), WINDOW_SIZE);
  let length: u32 = 3;
  let distance: u32 = 0;
  for (let way = 0; way < 4; way++) {
    const candidateDistance = (u32(position) - u32(candidates)) & 0xffff;
    candidates >>= 16;
    if (candidateDistance - 1 >= farthest) continue;
    const candidate = position - candidateDistance;
    if (load<u32>(candidate) != word || load<u32>(candidate + length - 3) != load<u32>(position + length - 3)) continue;
    const common = commonLength(position, candidate, most);
    if (common > length) {
      length = common;
      distance = candidateDistance;
      if (length == most) break;
    }
  }
  return distance == 0 ? 0 : matchOf(length, distance);
}
