import { concat } from "./bytes.ts";
import type { Random } from "./random.ts";

/** How far back deflate looks. */
const windowSize = 32 * 1024;
const longestMatch = 258;

type Maker = (random: Random, length: number) => Uint8Array;

const makers: readonly Maker[] = [noise, fewSymbols, runs, records, copies, windowEdges, sorted];

/** Bytes with some structure, or with none; or several such pieces. */
export function plainBytes(random: Random, longest: number): Uint8Array {
  const length = random.magnitude(0, longest);
  if (!random.once(3)) return random.pick(makers)(random, length);
  const parts: Uint8Array[] = [];
  for (let left = length; left > 0; ) {
    const size = random.int(1, left);
    parts.push(random.pick(makers)(random, size));
    left -= size;
  }
  return concat(parts);
}

/** What does not compress. */
function noise(random: Random, length: number): Uint8Array {
  return random.bytes(length);
}

/** A small alphabet, some letters of which are rare: codes of very different lengths. */
function fewSymbols(random: Random, length: number): Uint8Array {
  const alphabet = random.bytes(random.magnitude(1, 256));
  const skew = random.int(1, 6);
  return Uint8Array.from({ length }, () => {
    let index = alphabet.length;
    for (let turn = 0; turn < skew; turn++) index = random.int(0, Math.max(0, index - 1));
    return alphabet[index] ?? 0;
  });
}

/** The same byte many times: overlapping matches of distance 1, lengths about the longest. */
function runs(random: Random, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const run = random.once(2) ? longestMatch + random.int(-3, 3) : random.magnitude(1, 5000);
    bytes.fill(random.bits(), at, at + run);
    at += run;
  }
  return bytes;
}

/** Lines that resemble each other, as in listings and sources. */
function records(random: Random, length: number): Uint8Array {
  const words = Array.from({ length: random.int(2, 40) }, () => random.bytes(random.int(1, 12)));
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const word = random.once(12) ? random.bytes(random.int(1, 8)) : random.pick(words);
    bytes.set(word.subarray(0, length - at), at);
    at += word.length;
  }
  return bytes;
}

/** Noise with copies of what came before, at all distances, overlapping ones too. */
function copies(random: Random, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const size = random.magnitude(1, 600);
    const distance = random.magnitude(1, Math.max(1, Math.min(at, windowSize + 5)));
    for (let end = Math.min(length, at + size); at < end; at++) {
      bytes[at] = distance <= at && size > 2 ? (bytes[at - distance] ?? 0) : random.bits();
    }
  }
  return bytes;
}

/** Copies from just within, at, and just beyond the farthest distance. */
function windowEdges(random: Random, length: number): Uint8Array {
  const bytes = random.bytes(length);
  const step = random.int(200, 3000);
  for (let at = windowSize; at < length; at += step) {
    const distance = Math.min(at, windowSize + random.int(-4, 4));
    const size = random.int(3, longestMatch + 4);
    for (let end = Math.min(length, at + size), to = at; to < end; to++)
      bytes[to] = bytes[to - distance] ?? 0;
  }
  return bytes;
}

/** Words of 32 bits that count up: near matches everywhere, long ones nowhere. */
function sorted(random: Random, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let value = random.bits();
  const step = random.magnitude(1, 70_000);
  for (let at = 0; at < length; at++) {
    if (at % 4 === 0) value += step;
    bytes[at] = value >>> (8 * (at % 4));
  }
  return bytes;
}
