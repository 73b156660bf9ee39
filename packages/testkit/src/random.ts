/** Numbers that look random and are the same for the same seed, on every machine. */
export interface Random {
  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number;
  bytes(size: number): Uint8Array;
}

/** A generator of its own for each seed: xorshift32 over a hash of the seed. */
export function createRandom(seed: number | string): Random {
  let state = hash(String(seed));
  function next(): number {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  }
  return {
    below: (end) => next() % end,
    bytes(size) {
      const bytes = new Uint8Array(size);
      for (let index = 0; index < size; index++) bytes[index] = next() >>> 24;
      return bytes;
    },
  };
}

/** FNV-1a; never 0, where xorshift would stay. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (const character of text) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return state === 0 ? 1 : state;
}
