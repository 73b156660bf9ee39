import { setSearch } from "./chains.ts";

/*
 * What the levels are. The parameters were chosen by measuring sizes and speeds on the layers of a real image: see
 * README.md.
 */

/** How a level finds matches. */
const STORE: u16 = 0;
const ROWS: u16 = 1;
const CHAINS: u16 = 2;

/**
 * For each level:
 * - how it finds matches
 * - lazy: a match shorter than this is given up for a longer one at the next position
 * - step: how many positions within a match lead to one that is added to the rows
 * - good: where a match of this length is known, only a quarter of the candidates are compared at the next position
 * - nice: a match of this length is taken without looking for a longer one
 * - depth: how many candidates of a chain are compared
 */
// biome-ignore format: a table
const table = memory.data<u16>([
  //       lazy step good  nice  depth
  STORE,     0,   0,   0,    0,    0,
  ROWS,      0,   8,   0,    0,    0,
  ROWS,      0,   2,   0,    0,    0,
  ROWS,      0,   1,   0,    0,    0,
  ROWS,      8,   1,   0,    0,    0,
  CHAINS,   32,   0,   8,  128,   12,
  CHAINS,   32,   0,  16,  128,   24,
  CHAINS,   64,   0,  16,  258,   48,
  CHAINS,  128,   0,  32,  258,  192,
  CHAINS,  258,   0,  32,  258, 1024,
]);
const ROW_SIZE: usize = 12;

let finder: u16 = STORE;
export let lazyBelow: u32 = 0;
export let addStep: usize = 0;
export let goodLength: u32 = 0;

/** @param level 0 to 9 */
export function chooseLevel(level: u32): void {
  const row = table + usize(level) * ROW_SIZE;
  finder = load<u16>(row);
  lazyBelow = load<u16>(row, 2);
  addStep = load<u16>(row, 4);
  goodLength = load<u16>(row, 6);
  setSearch(load<u16>(row, 10), load<u16>(row, 8));
}

export function storesOnly(): bool {
  return finder == STORE;
}

export function usesRows(): bool {
  return finder == ROWS;
}
