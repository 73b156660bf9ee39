/** Numbers that look random, and are the same for the same seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 32 bits. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number from `least` to `most`, both of them included. */
  int(least: number, most: number): number {
    return least + Math.floor((this.bits() / 2 ** 32) * (most - least + 1));
  }

  /** A whole number from `least` to `most`, each order of magnitude as probable as another. */
  magnitude(least: number, most: number): number {
    const size = Math.log2(most - least + 2) * (this.bits() / 2 ** 32);
    return Math.min(most, least + Math.floor(2 ** size) - 1);
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.int(1, times) === 1;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.int(0, choices.length - 1)] as T;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at++) bytes[at] = this.bits();
    return bytes;
  }
}

/** The seed of one case of a run: cases can be repeated by themselves. */
export function caseSeed(seed: number, index: number): number {
  return new Random((seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0).bits();
}
