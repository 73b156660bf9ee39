/** How a level parses the input. */
export const STORE: u16 = 0;
/** Takes the first match that is found. */
export const GREEDY: u16 = 1;
/** Looks whether the next position has a longer one. */
export const LAZY: u16 = 2;

const STRATEGY: usize = 0;
const DEPTH: usize = 2;
const GOOD: usize = 4;
const LAZY_BELOW: usize = 6;
const NICE: usize = 8;
const ROW: usize = 10;

// biome-ignore format: a table
const table = memory.data<u16>([
  STORE, 0, 0, 0, 0,
  GREEDY, 1, 0, 0, 8,
  GREEDY, 2, 0, 0, 16,
  GREEDY, 4, 0, 0, 32,
  LAZY, 4, 8, 8, 32,
  LAZY, 8, 8, 16, 64,
  LAZY, 16, 8, 16, 128,
  LAZY, 48, 16, 64, 258,
  LAZY, 256, 32, 258, 258,
  LAZY, 1024, 258, 258, 258,
]);

export let strategy: u16 = STORE;
export let depth: u32 = 0;
export let good: u32 = 0;
export let lazy: u32 = 0;
export let nice: u32 = 0;

export function chooseLevel(level: u32): void {
  const row = table + usize(level) * ROW;
  strategy = load<u16>(row + STRATEGY);
  depth = load<u16>(row + DEPTH);
  good = load<u16>(row + GOOD);
  lazy = load<u16>(row + LAZY_BELOW);
  nice = load<u16>(row + NICE);
}
