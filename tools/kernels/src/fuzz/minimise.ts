import { concat } from "./bytes.ts";

/** How many inputs are tried: each costs as much as a trial. */
const attempts = 2000;

/**
 * A smaller input that still fails: pieces are left out, large ones first, and bytes are set to zero, as long as
 * `fails` says so.
 */
export function minimised(data: Uint8Array, fails: (data: Uint8Array) => boolean): Uint8Array {
  let smallest = data;
  let left = attempts;
  const take = (candidate: Uint8Array): boolean => {
    if (left-- <= 0 || !fails(candidate)) return false;
    smallest = candidate;
    return true;
  };
  for (let size = Math.ceil(data.length / 2); size >= 1 && left > 0; size = Math.floor(size / 2)) {
    for (let at = 0; at < smallest.length && left > 0; ) {
      if (!take(concat([smallest.subarray(0, at), smallest.subarray(at + size)]))) at += size;
    }
  }
  for (let at = 0; at < smallest.length && left > 0; at++) {
    if (smallest[at] !== 0) take(smallest.map((byte, index) => (index === at ? 0 : byte)));
  }
  return smallest;
}
