import { DISTANCE_SYMBOLS, distanceSymbolOf, FIRST_LENGTH_SYMBOL, LITERAL_LENGTH_SYMBOLS, lengthIndexOf } from "./alphabets";
import { distanceLess1Of, lengthOf } from "./sequences";

/*
 * How often each symbol occurs: literals and lengths first, then distances.
 *
 * There are two such tables: of the block that is being gathered, and of the chunk that was parsed last, of which it
 * has yet to be decided whether it joins the block.
 */

const DISTANCES: usize = 4 * 286;
const SYMBOLS: u32 = LITERAL_LENGTH_SYMBOLS + DISTANCE_SYMBOLS;
const SIZE: usize = 4 * (286 + 30);

export const blockFrequencies = memory.data(4 * (286 + 30), 16);
export const blockDistanceFrequencies: usize = blockFrequencies + DISTANCES;
export const chunkFrequencies = memory.data(4 * (286 + 30), 16);
export const chunkDistanceFrequencies: usize = chunkFrequencies + DISTANCES;

// @ts-ignore: a decorator of AssemblyScript's
@inline
export function countLiteral(literal: u32): void {
  store<u32>(literal << 2, load<u32>(literal << 2, chunkFrequencies) + 1, chunkFrequencies);
}

// @ts-ignore: a decorator of AssemblyScript's
@inline
export function countMatch(match: u32): void {
  countLiteral(FIRST_LENGTH_SYMBOL + lengthIndexOf(lengthOf(match)));
  const symbol = distanceSymbolOf(distanceLess1Of(match)) << 2;
  store<u32>(symbol, load<u32>(symbol, chunkDistanceFrequencies) + 1, chunkDistanceFrequencies);
}

export function clearChunk(): void {
  memory.fill(chunkFrequencies, 0, SIZE);
}

export function clearBlock(): void {
  memory.fill(blockFrequencies, 0, SIZE);
}

export function addChunkToBlock(): void {
  for (let offset: usize = 0; offset < SIZE; offset += 16) {
    v128.store(blockFrequencies + offset, i32x4.add(v128.load(blockFrequencies + offset), v128.load(chunkFrequencies + offset)));
  }
}

/**
 * About how many bits more the chunk and the block need for their symbols when they share one code than when each has
 * its own, if codes were as good as entropy allows.
 */
export function costOfSharing(): u32 {
  return u32(
    (costOfSharingAlphabet(0, LITERAL_LENGTH_SYMBOLS) + costOfSharingAlphabet(LITERAL_LENGTH_SYMBOLS, SYMBOLS)) >> FRACTION_BITS,
  );
}

/** For each of the tables, n log2 n - Σ f log2 f, where n is the sum of the frequencies f. */
function costOfSharingAlphabet(first: u32, end: u32): u64 {
  let blockTotal: u32 = 0;
  let chunkTotal: u32 = 0;
  let cost: i64 = 0;
  for (let offset: usize = first << 2; offset < end << 2; offset += 4) {
    const ofChunk = load<u32>(chunkFrequencies + offset);
    if (ofChunk == 0) continue;
    const ofBlock = load<u32>(blockFrequencies + offset);
    chunkTotal += ofChunk;
    cost += timesLog2(ofChunk);
    if (ofBlock == 0) continue;
    cost += timesLog2(ofBlock) - timesLog2(ofBlock + ofChunk);
  }
  for (let offset: usize = first << 2; offset < end << 2; offset += 4) {
    blockTotal += load<u32>(blockFrequencies + offset);
  }
  if (chunkTotal == 0 || blockTotal == 0) return 0;
  cost += timesLog2(blockTotal + chunkTotal) - timesLog2(blockTotal) - timesLog2(chunkTotal);
  return u64(max(cost, 0));
}

const FRACTION_BITS: u32 = 12;

/** n log2 n for n from 1 to 2^20, with FRACTION_BITS bits behind the point. */
function timesLog2(n: u32): i64 {
  const whole = 31 - clz(n);
  // n is 2^whole (1 + fraction), and log2(1 + x) is within 0.01 of x + 0.344 x (1 - x).
  const fraction = ((n - (1 << whole)) << FRACTION_BITS) >> whole;
  const bend = (fraction * ((1 << FRACTION_BITS) - fraction) * 1409) >> (2 * FRACTION_BITS);
  return i64(n) * i64((whole << FRACTION_BITS) + fraction + bend);
}
