import { input } from "../input.ts";

const prime1: u64 = 0x9e3779b185ebca87;
const prime2: u64 = 0xc2b2ae3d27d4eb4f;
const prime3: u64 = 0x165667b19e3779f9;
const prime4: u64 = 0x85ebca77c2b2ae63;
const prime5: u64 = 0x27d4eb2f165667c5;

/** A stripe of input: a double word for each lane. */
const stripeSize: usize = 32;

/** The four lanes, double words that each take a quarter of the input. The caller keeps them between two calls. */
export const lanes: usize = memory.data(32, 16);

/** Lanes that have taken nothing, with seed 0. */
export function xxh64Start(): void {
  store<u64>(lanes, prime1 + prime2);
  store<u64>(lanes, prime2, 8);
  store<u64>(lanes, 0, 16);
  store<u64>(lanes, -prime1, 24);
}

/** Takes `length` bytes of the input, whole stripes, into the lanes. */
export function xxh64Stripes(length: u32): void {
  let a = load<u64>(lanes);
  let b = load<u64>(lanes, 8);
  let c = load<u64>(lanes, 16);
  let d = load<u64>(lanes, 24);
  const end = input + length;
  for (let at = input; at < end; at += stripeSize) {
    a = round(a, load<u64>(at));
    b = round(b, load<u64>(at, 8));
    c = round(c, load<u64>(at, 16));
    d = round(d, load<u64>(at, 24));
  }
  store<u64>(lanes, a);
  store<u64>(lanes, b, 8);
  store<u64>(lanes, c, 16);
  store<u64>(lanes, d, 24);
}

/** The hash of `total` bytes, of which the last `rest`, less than a stripe, are the input and the others in the lanes. */
export function xxh64Finish(rest: u32, total: u64): u64 {
  let hash = (total >= stripeSize ? merged() : prime5) + total;
  let at = input;
  const end = input + rest;
  for (; at + 8 <= end; at += 8) hash = rotl<u64>(hash ^ round(0, load<u64>(at)), 27) * prime1 + prime4;
  if (at + 4 <= end) {
    hash = rotl<u64>(hash ^ (u64(load<u32>(at)) * prime1), 23) * prime2 + prime3;
    at += 4;
  }
  for (; at < end; at++) hash = rotl<u64>(hash ^ (u64(load<u8>(at)) * prime5), 11) * prime1;
  hash = (hash ^ (hash >> 33)) * prime2;
  hash = (hash ^ (hash >> 29)) * prime3;
  return hash ^ (hash >> 32);
}

/** One step of a lane. */
function round(lane: u64, word: u64): u64 {
  return rotl<u64>(lane + word * prime2, 31) * prime1;
}

/** What becomes of the four lanes. */
function merged(): u64 {
  const a = load<u64>(lanes);
  const b = load<u64>(lanes, 8);
  const c = load<u64>(lanes, 16);
  const d = load<u64>(lanes, 24);
  let hash = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
  hash = withLane(hash, a);
  hash = withLane(hash, b);
  hash = withLane(hash, c);
  return withLane(hash, d);
}

function withLane(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * prime1 + prime4;
}
