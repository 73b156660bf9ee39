import { Random } from "./random.ts";

/** `bytes` in pieces of sizes that look random: all in one, byte by byte, or in between. */
export function* chunksOf(bytes: Uint8Array, seed: number): Generator<Uint8Array> {
  const random = new Random(seed);
  const most = random.pick([1, 3, 20, 300, 5000, 70_000, Number.POSITIVE_INFINITY]);
  for (let at = 0; at < bytes.length; ) {
    const size = most === Number.POSITIVE_INFINITY ? bytes.length : random.int(random.once(50) ? 0 : 1, most);
    // A copy of its own, so that reading beyond it would not find what follows.
    yield bytes.slice(at, at + size);
    at += size;
  }
}
