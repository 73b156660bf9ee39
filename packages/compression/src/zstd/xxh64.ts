import type { FrameChecksum } from "./checksum.ts";

/*
 * XXH64 with seed 0, where the kernel does not run. JavaScript has no fast 64-bit integers, so a number is
 * two 32-bit halves here; BigInt takes ten times as long.
 */

interface Word {
  high: number;
  low: number;
}

const prime1: Readonly<Word> = { high: 0x9e3779b1, low: 0x85ebca87 };
const prime2: Readonly<Word> = { high: 0xc2b2ae3d, low: 0x27d4eb4f };
const prime3: Readonly<Word> = { high: 0x165667b1, low: 0x9e3779f9 };
const prime4: Readonly<Word> = { high: 0x85ebca77, low: 0xc2b2ae63 };
const prime5: Readonly<Word> = { high: 0x27d4eb2f, low: 0x165667c5 };

/** Of its 64 bits the low 32 are the frame's checksum. */
export function createXxh64(): FrameChecksum {
  const lanes = [
    add(add(zero(), prime1), prime2),
    { ...prime2 },
    zero(),
    { high: ~prime1.high, low: -prime1.low | 0 },
  ] as const;
  const pending = new Uint8Array(32);
  const pendingView = new DataView(pending.buffer);
  let pendingLength = 0;
  let length = 0;

  function stripe(view: DataView, at: number): void {
    for (let lane = 0; lane < 4; lane++) {
      const word = lanes[lane as 0 | 1 | 2 | 3];
      round(word, view.getInt32(at + 8 * lane + 4, true), view.getInt32(at + 8 * lane, true));
    }
  }

  return {
    update(bytes) {
      length += bytes.length;
      let at = 0;
      if (pendingLength > 0) {
        at = Math.min(32 - pendingLength, bytes.length);
        pending.set(bytes.subarray(0, at), pendingLength);
        pendingLength += at;
        if (pendingLength < 32) return;
        stripe(pendingView, 0);
        pendingLength = 0;
      }
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (; at + 32 <= bytes.length; at += 32) stripe(view, at);
      pending.set(bytes.subarray(at));
      pendingLength = bytes.length - at;
    },
    value() {
      const hash = length >= 32 ? merge(lanes) : { ...prime5 };
      add(hash, { high: Math.floor(length / 2 ** 32), low: length | 0 });
      let at = 0;
      for (; at + 8 <= pendingLength; at += 8) {
        const lane = zero();
        round(lane, pendingView.getInt32(at + 4, true), pendingView.getInt32(at, true));
        xor(hash, lane);
        add(multiply(rotate(hash, 27), prime1), prime4);
      }
      if (at + 4 <= pendingLength) {
        xor(hash, multiply({ high: 0, low: pendingView.getInt32(at, true) }, prime1));
        add(multiply(rotate(hash, 23), prime2), prime3);
        at += 4;
      }
      for (; at < pendingLength; at++) {
        xor(hash, multiply({ high: 0, low: pending[at] ?? 0 }, prime5));
        multiply(rotate(hash, 11), prime1);
      }
      multiply(xor(hash, shifted(hash, 33)), prime2);
      multiply(xor(hash, shifted(hash, 29)), prime3);
      return xor(hash, shifted(hash, 32)).low >>> 0;
    },
  };
}

function merge(lanes: readonly [Word, Word, Word, Word]): Word {
  const [a, b, c, d] = lanes;
  const hash = rotate({ ...a }, 1);
  add(hash, rotate({ ...b }, 7));
  add(hash, rotate({ ...c }, 12));
  add(hash, rotate({ ...d }, 18));
  for (const lane of lanes) {
    const mixed = zero();
    round(mixed, lane.high, lane.low);
    add(multiply(xor(hash, mixed), prime1), prime4);
  }
  return hash;
}

/** One step of a lane: adds the input times prime2, rotates, multiplies by prime1. */
function round(lane: Word, high: number, low: number): void {
  const input = { high, low };
  multiply(rotate(add(lane, multiply(input, prime2)), 31), prime1);
}

function zero(): Word {
  return { high: 0, low: 0 };
}

// These change their first operand and return it.

function add(word: Word, other: Readonly<Word>): Word {
  const low = (word.low >>> 0) + (other.low >>> 0);
  word.high = (word.high + other.high + (low > 0xffffffff ? 1 : 0)) | 0;
  word.low = low | 0;
  return word;
}

function xor(word: Word, other: Readonly<Word>): Word {
  word.high ^= other.high;
  word.low ^= other.low;
  return word;
}

/** Rotates left by 1 to 31 bits. */
function rotate(word: Word, bits: number): Word {
  const { high, low } = word;
  word.high = (high << bits) | (low >>> (32 - bits));
  word.low = (low << bits) | (high >>> (32 - bits));
  return word;
}

/** `word` shifted right, as a new one. */
function shifted({ high, low }: Readonly<Word>, bits: number): Word {
  if (bits >= 32) return { high: 0, low: high >>> (bits - 32) };
  return { high: high >>> bits, low: (low >>> bits) | (high << (32 - bits)) };
}

function multiply(word: Word, other: Readonly<Word>): Word {
  const { high, low } = word;
  const low0 = low & 0xffff;
  const low1 = low >>> 16;
  const other0 = other.low & 0xffff;
  const other1 = other.low >>> 16;
  const first = low0 * other0;
  const second = low1 * other0 + (first >>> 16);
  const third = low0 * other1 + (second & 0xffff);
  const carried = low1 * other1 + Math.floor(second / 65536) + Math.floor(third / 65536);
  word.high = (carried + Math.imul(high, other.low) + Math.imul(low, other.high)) | 0;
  word.low = Math.imul(low, other.low);
  return word;
}
