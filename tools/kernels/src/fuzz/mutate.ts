import { concat } from "./bytes.ts";
import type { Random } from "./random.ts";

type Mutation = (random: Random, bytes: Uint8Array) => Uint8Array;

const mutations: readonly Mutation[] = [
  truncated,
  bitFlipped,
  bitFlipped,
  byteChanged,
  byteChanged,
  byteRemoved,
  bytesInserted,
  pieceRepeated,
  continued,
];

/** `bytes` damaged in one way or a few. */
export function mutated(random: Random, bytes: Uint8Array): Uint8Array {
  let result = bytes;
  for (let left = random.magnitude(1, 6); left > 0; left--) result = random.pick(mutations)(random, result);
  return result;
}

/** The start of one stream, and the rest of another. */
export function spliced(random: Random, first: Uint8Array, second: Uint8Array): Uint8Array {
  return concat([first.subarray(0, place(random, first)), second.subarray(place(random, second))]);
}

/** Somewhere in `bytes`: near the start, where headers are, as often as anywhere. */
function place(random: Random, bytes: Uint8Array): number {
  const last = Math.max(0, bytes.length - 1);
  return random.once(2) ? random.int(0, last) : random.magnitude(0, last);
}

function truncated(random: Random, bytes: Uint8Array): Uint8Array {
  return bytes.slice(
    0,
    random.once(3) ? bytes.length - random.magnitude(0, bytes.length) : place(random, bytes),
  );
}

function bitFlipped(random: Random, bytes: Uint8Array): Uint8Array {
  const at = place(random, bytes);
  return changed(bytes, at, (bytes[at] ?? 0) ^ (1 << random.int(0, 7)));
}

function byteChanged(random: Random, bytes: Uint8Array): Uint8Array {
  return changed(
    bytes,
    place(random, bytes),
    random.once(3) ? random.pick([0, 1, 0x7f, 0x80, 0xff]) : random.bits(),
  );
}

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  if (at < copy.length) copy[at] = value;
  return copy;
}

function byteRemoved(random: Random, bytes: Uint8Array): Uint8Array {
  const at = place(random, bytes);
  return concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
}

function bytesInserted(random: Random, bytes: Uint8Array): Uint8Array {
  const at = place(random, bytes);
  return concat([bytes.subarray(0, at), random.bytes(random.magnitude(1, 8)), bytes.subarray(at)]);
}

function pieceRepeated(random: Random, bytes: Uint8Array): Uint8Array {
  const start = place(random, bytes);
  const piece = bytes.subarray(start, start + random.magnitude(1, 100));
  return concat([bytes.subarray(0, start), piece, bytes.subarray(start)]);
}

function continued(random: Random, bytes: Uint8Array): Uint8Array {
  return concat([bytes, random.bytes(random.magnitude(1, 300))]);
}
