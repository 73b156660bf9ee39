import { FIRST_LENGTH_SYMBOL } from "../alphabets.ts";
import { distanceSymbolOf, lengthIndexOf } from "./alphabets.ts";
import { distanceLess1Of, lengthOf } from "./sequences.ts";

/*
 * How often each symbol occurs: literals and lengths first, then distances.
 *
 * There are two such tables: of the block that is being gathered, and of the chunk that was parsed last, of which it
 * has yet to be decided whether it joins the block.
 */

const DISTANCES: usize = 4 * 288;
const SIZE: usize = 4 * (288 + 32);

export const blockFrequencies = memory.data(4 * (288 + 32), 16);
export const blockDistanceFrequencies: usize = blockFrequencies + DISTANCES;
export const chunkFrequencies = memory.data(4 * (288 + 32), 16);
export const chunkDistanceFrequencies: usize = chunkFrequencies + DISTANCES;

export function countLiteral(literal: u32): void {
  store<u32>(literal << 2, load<u32>(literal << 2, chunkFrequencies) + 1, chunkFrequencies);
}

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
    v128.store(
      blockFrequencies + offset,
      i32x4.add(v128.load(blockFrequencies + offset), v128.load(chunkFrequencies + offset)),
    );
  }
}

/**
 * About how many bits more the chunk and the block need for their symbols when they share one code than when each has
 * its own, if codes were as good as entropy allows.
 */
export function costOfSharing(): f32 {
  return costOfSharingAlphabet(0, DISTANCES) + costOfSharingAlphabet(DISTANCES, SIZE);
}

/** Symbols of which n in all occur f times each take n log2 n - Σ f log2 f bits. */
function costOfSharingAlphabet(from: usize, to: usize): f32 {
  let blockTotals = i32x4.splat(0);
  let chunkTotals = i32x4.splat(0);
  let costs = f32x4.splat(0);
  for (let offset = from; offset < to; offset += 16) {
    const ofBlock = v128.load(blockFrequencies + offset);
    const ofChunk = v128.load(chunkFrequencies + offset);
    const ofBoth = i32x4.add(ofBlock, ofChunk);
    blockTotals = i32x4.add(blockTotals, ofBlock);
    chunkTotals = i32x4.add(chunkTotals, ofChunk);
    costs = f32x4.sub(f32x4.add(f32x4.add(costs, timesLog2(ofBlock)), timesLog2(ofChunk)), timesLog2(ofBoth));
  }
  const ofBlock = sumOf(blockTotals);
  const ofChunk = sumOf(chunkTotals);
  const totals = timesLog2(i32x4(ofBlock + ofChunk, ofBlock, ofChunk, 0));
  return (
    f32x4.extract_lane(costs, 0) +
    f32x4.extract_lane(costs, 1) +
    f32x4.extract_lane(costs, 2) +
    f32x4.extract_lane(costs, 3) +
    f32x4.extract_lane(totals, 0) -
    f32x4.extract_lane(totals, 1) -
    f32x4.extract_lane(totals, 2)
  );
}

function sumOf(lanes: v128): i32 {
  return (
    i32x4.extract_lane(lanes, 0) +
    i32x4.extract_lane(lanes, 1) +
    i32x4.extract_lane(lanes, 2) +
    i32x4.extract_lane(lanes, 3)
  );
}

/**
 * n log2 n for four numbers, 0 for 0. The exponent and the fraction of n as a floating point number are nearly its
 * logarithm already: log2(1 + x) is within 0.01 of x + 0.344 x (1 - x).
 */
function timesLog2(n: v128): v128 {
  const one = f32x4.splat(1);
  const real = f32x4.convert_i32x4_s(n);
  const exponent = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_s(real, 23), i32x4.splat(127)));
  const x = f32x4.sub(v128.or(v128.and(real, i32x4.splat(0x7fffff)), one), one);
  const bend = f32x4.mul(f32x4.mul(x, f32x4.sub(one, x)), f32x4.splat(0.344));
  return f32x4.mul(real, f32x4.add(f32x4.add(exponent, x), bend));
}
