import zlib from "node:zlib";
import { createInflater, type Inflater } from "../../src/index.ts";

/** One for all tests of a file: what a stream leaves behind must not show in the next one. */
const shared: Inflater = createInflater();

export interface Inflated {
  readonly bytes: Uint8Array;
  /** How many bytes follow the stream in the last push. */
  readonly unused: number;
}

/** What comes of a stream that is pushed in pieces; throws where it is refused. */
export function inflated(chunks: Iterable<Uint8Array>): Inflated {
  const { parts, unused } = run(chunks);
  return { bytes: Buffer.concat(parts), unused };
}

/** What comes of a stream before it is refused, and the sentence; `undefined` where it is not. */
export function outcome(chunks: Iterable<Uint8Array>): { bytes: Uint8Array; refusal: string | undefined } {
  const parts: Uint8Array[] = [];
  try {
    run(chunks, parts);
    return { bytes: Buffer.concat(parts), refusal: undefined };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== "ERR_DRAYAGE_COMPRESSION_INVALID") throw error;
    return { bytes: Buffer.concat(parts), refusal: message };
  }
}

function run(
  chunks: Iterable<Uint8Array>,
  parts: Uint8Array[] = [],
): { parts: Uint8Array[]; unused: number } {
  shared.reset();
  for (const chunk of chunks) {
    shared.push(chunk);
    drain(parts);
    if (shared.ended) return { parts, unused: shared.unused };
  }
  shared.finish();
  drain(parts);
  throw new Error("next gives nothing for ever");
}

function drain(parts: Uint8Array[]): void {
  for (let bytes = shared.next(); bytes.length > 0; bytes = shared.next()) parts.push(Buffer.from(bytes));
}

/** What zlib says: the bytes, or that it refuses the stream. */
export function zlibOutcome(stream: Uint8Array): Uint8Array | "refused" {
  try {
    return zlib.inflateRawSync(stream);
  } catch {
    return "refused";
  }
}

/** `bytes` in chunks of `size`. */
export function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

/** `bytes` cut at each of `places`, which count modulo the length. Some pieces may be empty. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...sorted].map((start, index) => bytes.subarray(start, sorted[index] ?? bytes.length));
}

/** Pseudo-random numbers, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Bytes that compress about as well as programs do: literals of some kinds, and repetitions near and far. */
export function sample(length: number, seed: number): Buffer {
  const random = randomNumbers(seed);
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const run = Math.min(length - at, 1 + random(random(8) === 0 ? 400 : 24));
    const far = random(3) === 0 ? 40_000 : 600;
    const distance = 1 + random(Math.min(far, Math.max(at, 1)));
    const repeats = random(3) > 0 && distance <= at;
    const alphabet = 1 + random(255);
    for (let index = 0; index < run; index++, at++) {
      bytes[at] = repeats ? (bytes[at - distance] ?? 0) : random(alphabet);
    }
  }
  return bytes;
}
