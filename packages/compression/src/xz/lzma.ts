import { invalid } from "../errors.ts";
import type { Window } from "./window.ts";

/** LZMA as LZMA2's chunks have it. The names are those of the LZMA specification. */
export interface LzmaDecoder {
  /** Sets lc, lp and pb from a properties byte, and the state with them. */
  setProperties(byte: number): void;
  resetState(): void;
  /** Decodes one chunk, which gives exactly `size` bytes. */
  decode(input: Uint8Array, size: number): void;
}

const stateCount = 12;
const literalStates = 7;
const initialProbability = 1024;
const matchMinimum = 2;

// Where each kind of probability stands among all of them.
const positionStates = 16;
const lengthSize = 2 + positionStates * 8 * 2 + 256;
const isMatch = 0;
const isRep = isMatch + stateCount * positionStates;
const isRepG0 = isRep + stateCount;
const isRepG1 = isRepG0 + stateCount;
const isRepG2 = isRepG1 + stateCount;
const isRep0Long = isRepG2 + stateCount;
const slots = isRep0Long + stateCount * positionStates;
const special = slots + 4 * 64;
const align = special + 115;
const matchLength = align + 16;
const repLength = matchLength + lengthSize;
const literal = repLength + lengthSize;

export function createLzmaDecoder(window: Window): LzmaDecoder {
  let probabilities = new Uint16Array(0);
  let literalContextBits = 0;
  let literalPositionMask = 0;
  let positionMask = 0;

  let state = 0;
  let rep0 = 0;
  let rep1 = 0;
  let rep2 = 0;
  let rep3 = 0;

  let input: Uint8Array = new Uint8Array(0);
  let at = 0;
  let range = 0;
  let code = 0;

  function normalize(): void {
    if (range >>> 24 !== 0) return;
    if (at >= input.length) throw invalid("xz", "a chunk ends too early");
    range <<= 8;
    code = (code << 8) | (input[at++] ?? 0);
  }

  function bit(index: number): number {
    normalize();
    const probability = probabilities[index] ?? 0;
    const bound = Math.imul(range >>> 11, probability);
    if (code >>> 0 < bound >>> 0) {
      range = bound;
      probabilities[index] = probability + ((2048 - probability) >>> 5);
      return 0;
    }
    range = (range - bound) | 0;
    code = (code - bound) | 0;
    probabilities[index] = probability - (probability >>> 5);
    return 1;
  }

  function directBits(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index++) {
      normalize();
      range >>>= 1;
      const taken = code >>> 0 >= range >>> 0;
      if (taken) code = (code - range) | 0;
      value = value * 2 + (taken ? 1 : 0);
    }
    return value;
  }

  function tree(base: number, bits: number): number {
    let symbol = 1;
    for (let index = 0; index < bits; index++) symbol = (symbol << 1) | bit(base + symbol);
    return symbol - (1 << bits);
  }

  function reverseTree(base: number, bits: number): number {
    let symbol = 1;
    let value = 0;
    for (let index = 0; index < bits; index++) {
      const taken = bit(base + symbol);
      symbol = (symbol << 1) | taken;
      value |= taken << index;
    }
    return value;
  }

  function length(base: number, positionState: number): number {
    if (bit(base) === 0) return matchMinimum + tree(base + 2 + positionState * 8, 3);
    const middle = base + 2 + positionStates * 8;
    if (bit(base + 1) === 0) return matchMinimum + 8 + tree(middle + positionState * 8, 3);
    return matchMinimum + 16 + tree(middle + positionStates * 8, 8);
  }

  function distance(ofLength: number): number {
    const slot = tree(slots + Math.min(ofLength - matchMinimum, 3) * 64, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) * 2 ** bits;
    if (slot < 14) return base + reverseTree(special + base - slot, bits);
    return base + directBits(bits - 4) * 16 + reverseTree(align, 4);
  }

  function decodeLiteral(): void {
    const position = window.position();
    const previous = position === 0 ? 0 : window.byteAt(0);
    const context =
      ((position & literalPositionMask) << literalContextBits) + (previous >>> (8 - literalContextBits));
    const base = literal + 0x300 * context;
    let symbol = 1;
    if (state >= literalStates) {
      let match = window.byteAt(rep0);
      while (symbol < 0x100) {
        const matchBit = (match >>> 7) & 1;
        match <<= 1;
        const taken = bit(base + ((1 + matchBit) << 8) + symbol);
        symbol = (symbol << 1) | taken;
        if (taken !== matchBit) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | bit(base + symbol);
    window.put(symbol & 0xff);
    state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
  }

  /** A match's length, with its distance in `rep0`. */
  function decodeMatch(positionState: number): number {
    if (bit(isRep + state) === 0) {
      rep3 = rep2;
      rep2 = rep1;
      rep1 = rep0;
      const matched = length(matchLength, positionState);
      state = state < literalStates ? 7 : 10;
      rep0 = distance(matched);
      return matched;
    }
    if (bit(isRepG0 + state) === 0) {
      if (bit(isRep0Long + state * positionStates + positionState) === 0) {
        state = state < literalStates ? 9 : 11;
        return 1;
      }
    } else {
      const found = decodeRepeated();
      rep1 = rep0;
      rep0 = found;
    }
    const matched = length(repLength, positionState);
    state = state < literalStates ? 8 : 11;
    return matched;
  }

  /** One of the older distances, the younger ones moved up behind it but for the youngest. */
  function decodeRepeated(): number {
    if (bit(isRepG1 + state) === 0) return rep1;
    if (bit(isRepG2 + state) === 0) {
      const found = rep2;
      rep2 = rep1;
      return found;
    }
    const found = rep3;
    rep3 = rep2;
    rep2 = rep1;
    return found;
  }

  function resetState(): void {
    probabilities.fill(initialProbability);
    state = 0;
    rep0 = 0;
    rep1 = 0;
    rep2 = 0;
    rep3 = 0;
  }

  return {
    resetState,
    setProperties(byte) {
      const positionBits = Math.floor(byte / 45);
      const literalPositionBits = Math.floor(byte / 9) % 5;
      literalContextBits = byte % 9;
      if (positionBits > 4 || literalContextBits + literalPositionBits > 4) {
        throw invalid("xz", "a chunk has properties that LZMA2 does not allow");
      }
      positionMask = (1 << positionBits) - 1;
      literalPositionMask = (1 << literalPositionBits) - 1;
      probabilities = new Uint16Array(literal + 0x300 * (1 << (literalContextBits + literalPositionBits)));
      resetState();
    },
    decode(chunk, size) {
      if (chunk.length < 5 || chunk[0] !== 0) throw invalid("xz", "a chunk does not start as one");
      input = chunk;
      range = -1;
      code = new DataView(chunk.buffer, chunk.byteOffset).getInt32(1, false);
      at = 5;
      const end = window.position() + size;
      while (window.position() < end) {
        const positionState = window.position() & positionMask;
        if (bit(isMatch + state * positionStates + positionState) === 0) {
          decodeLiteral();
          continue;
        }
        const matched = decodeMatch(positionState);
        if (window.position() + matched > end) throw invalid("xz", "a match goes beyond its chunk");
        window.copy(rep0, matched);
      }
      normalize();
      if (code !== 0 || at !== chunk.length) throw invalid("xz", "a chunk has more than it should");
    },
  };
}
