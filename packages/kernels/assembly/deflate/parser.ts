import { addToChains, clearChains } from "./chains.ts";
import { findEndOf } from "./chunk.ts";
import { usesRows } from "./levels.ts";
import { parseByChains } from "./parse-by-chains.ts";
import { parseByRows } from "./parse-by-rows.ts";
import { addToRows, clearRows } from "./rows.ts";

/*
 * From bytes to sequences, a chunk at a time.
 */

/** Forgets all positions, and adds those of the dictionary, from `start` to `block`. */
export function startParser(start: usize, block: usize, end: usize): void {
  const addEnd = min(block, findEndOf(end));
  if (usesRows()) {
    clearRows();
    for (let position = start; position < addEnd; position++) addToRows(position);
  } else {
    clearChains();
    for (let position = start; position < addEnd; position++) addToChains(position);
  }
}

/** Parses a chunk from `from` on, as far as it goes. Matches may reach back to `start`. Gives the chunk's end. */
export function parseChunk(start: usize, from: usize, end: usize): usize {
  return usesRows() ? parseByRows(start, from, end) : parseByChains(start, from, end);
}
