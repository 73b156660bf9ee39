/** The order in which a dynamic block gives the lengths of the precode's codes (RFC 1951, 3.2.7). */
const precodeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Where a symbol's code has a length, at its index. */
export type CodeLengths = Readonly<Record<number, number>>;

/** A deflate stream that is written by hand. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #count = 0;

  /** A field of `count` bits, the lowest first. */
  bits(value: number, count: number): this {
    for (let bit = 0; bit < count; bit++) this.#bit(Math.floor(value / 2 ** bit) & 1);
    return this;
  }

  /** A Huffman code, the highest bit first. */
  code(value: number, count: number): this {
    for (let bit = count - 1; bit >= 0; bit--) this.#bit((value >> bit) & 1);
    return this;
  }

  align(): this {
    while (this.#count % 8 !== 0) this.#bit(0);
    return this;
  }

  header(type: number, last = true): this {
    return this.bits(last ? 1 : 0, 1).bits(type, 2);
  }

  stored(bytes: Uint8Array, last = true): this {
    this.header(0, last)
      .align()
      .bits(bytes.length, 16)
      .bits(bytes.length ^ 0xffff, 16);
    for (const byte of bytes) this.bits(byte, 8);
    return this;
  }

  /** A symbol of literals and lengths by the fixed code (3.2.6). */
  fixed(symbol: number): this {
    if (symbol < 144) return this.code(0x30 + symbol, 8);
    if (symbol < 256) return this.code(0x190 + symbol - 144, 9);
    if (symbol < 280) return this.code(symbol - 256, 7);
    return this.code(0xc0 + symbol - 280, 8);
  }

  /** A match by the fixed codes. */
  fixedMatch(length: number, distance: number): this {
    const [lengthSymbol, lengthBits, lengthExtra] = lengthParts(length);
    const [distanceSymbol, distanceBits, distanceExtra] = distanceParts(distance);
    this.fixed(lengthSymbol).bits(lengthExtra, lengthBits);
    return this.code(distanceSymbol, 5).bits(distanceExtra, distanceBits);
  }

  /** A dynamic block's header. Code lengths are given as they are, by a precode of 4 bits for each. */
  dynamic(symbols: { literals: CodeLengths; distances: CodeLengths; last?: boolean }): this {
    const { literals, distances, last = true } = symbols;
    const literalCount = Math.max(257, largest(literals) + 1);
    const distanceCount = largest(distances) + 1;
    this.header(2, last)
      .bits(literalCount - 257, 5)
      .bits(distanceCount - 1, 5)
      .bits(19 - 4, 4);
    for (const symbol of precodeOrder) this.bits(symbol < 16 ? 4 : 0, 3);
    for (let symbol = 0; symbol < literalCount; symbol++) this.code(literals[symbol] ?? 0, 4);
    for (let symbol = 0; symbol < distanceCount; symbol++) this.code(distances[symbol] ?? 0, 4);
    return this;
  }

  /** A dynamic block's header up to the code lengths, by a precode with these lengths. */
  precode(lengths: CodeLengths, symbols: { literals: number; distances: number }): this {
    this.header(2)
      .bits(symbols.literals - 257, 5)
      .bits(symbols.distances - 1, 5)
      .bits(19 - 4, 4);
    for (const symbol of precodeOrder) this.bits(lengths[symbol] ?? 0, 3);
    return this;
  }

  /** All of it, with 0 for what is missing of the last byte. */
  done(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #bit(bit: number): void {
    if (this.#count % 8 === 0) this.#bytes.push(0);
    const last = this.#bytes.length - 1;
    this.#bytes[last] = (this.#bytes[last] ?? 0) | (bit << (this.#count % 8));
    this.#count++;
  }
}

function largest(lengths: CodeLengths): number {
  return Math.max(0, ...Object.keys(lengths).map(Number));
}

/** The symbol, how many extra bits it has, and what they are (3.2.5). */
type Parts = readonly [symbol: number, count: number, extra: number];

function lengthParts(length: number): Parts {
  if (length === 258) return [285, 0, 0];
  if (length < 11) return [254 + length, 0, 0];
  const bits = 29 - Math.clz32(length - 3);
  return [261 + bits * 4 + (((length - 3) >> bits) & 3), bits, (length - 3) & ((1 << bits) - 1)];
}

function distanceParts(distance: number): Parts {
  if (distance < 5) return [distance - 1, 0, 0];
  const bits = 30 - Math.clz32(distance - 1);
  return [2 + bits * 2 + (((distance - 1) >> bits) & 1), bits, (distance - 1) & ((1 << bits) - 1)];
}
