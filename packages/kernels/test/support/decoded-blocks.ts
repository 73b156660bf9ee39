/*
 * An inflater that says what it finds: which blocks a stream has, their codes, and their symbols. It is slow and plain,
 * and has nothing in common with the kernels.
 */

const lengthBase = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
];
const codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const endOfBlock = 256;

export interface Match {
  readonly length: number;
  readonly distance: number;
}

/** The lengths of the codewords of each symbol, 0 where it has none. */
export interface Codes {
  readonly codeLengths: readonly number[];
  readonly literalLengths: readonly number[];
  readonly distances: readonly number[];
}

/** How often each symbol occurs. */
export interface Frequencies {
  readonly codeLengths: readonly number[];
  readonly literalLengths: readonly number[];
  readonly distances: readonly number[];
}

export interface DecodedBlock {
  readonly type: "stored" | "fixed" | "dynamic";
  readonly last: boolean;
  /** Where it starts, and how many bits it has, its header among them. */
  readonly start: number;
  readonly bits: number;
  /** What it inflates to. */
  readonly bytes: Uint8Array;
  readonly matches: readonly Match[];
  /** Of a dynamic block. */
  readonly codes: Codes | undefined;
  readonly frequencies: Frequencies;
  /** All extra bits of lengths and distances. */
  readonly extraBits: number;
}

/** The blocks of a whole stream, or of one that ends with a sync flush. */
export function decodedBlocks(
  stream: Uint8Array,
  dictionary: Uint8Array = new Uint8Array(0),
): readonly DecodedBlock[] {
  const input = new BitReader(stream);
  const output: number[] = [...dictionary];
  const blocks: DecodedBlock[] = [];
  while (input.at < stream.length * 8 - 7 && blocks.at(-1)?.last !== true)
    blocks.push(decodeBlock(input, output));
  if (Math.ceil(input.at / 8) !== stream.length) throw new Error("there are bytes behind the last block");
  return blocks;
}

class BitReader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  bits(count: number): number {
    let value = 0;
    for (let bit = 0; bit < count; bit++, this.at++) {
      const byte = this.#bytes[this.at >> 3];
      if (byte === undefined) throw new Error("the stream is truncated");
      value |= ((byte >> (this.at & 7)) & 1) << bit;
    }
    return value;
  }

  align(): void {
    this.at = (this.at + 7) & ~7;
  }

  /** The next codeword's symbol: codewords of a length are numbers in a row (3.2.2). */
  symbol({ counts, symbols }: CanonicalCode): number {
    let codeword = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= 15; length++) {
      codeword |= this.bits(1);
      const count = counts[length] ?? 0;
      if (codeword - first < count) return symbols[index + codeword - first] ?? -1;
      index += count;
      first = (first + count) * 2;
      codeword *= 2;
    }
    throw new Error("there is no such codeword");
  }
}

interface CanonicalCode {
  /** How many codewords there are of each length. */
  readonly counts: readonly number[];
  /** In the order of their codewords. */
  readonly symbols: readonly number[];
}

function canonicalCode(lengths: readonly number[]): CanonicalCode {
  const counts = Array.from({ length: 16 }, (_, length) => lengths.filter((one) => one === length).length);
  const symbols = [...lengths.keys()].filter((symbol) => (lengths[symbol] ?? 0) > 0);
  symbols.sort((one, other) => (lengths[one] ?? 0) - (lengths[other] ?? 0) || one - other);
  return { counts, symbols };
}

/** The fixed codes (3.2.6). */
const fixedCodes: Omit<Codes, "codeLengths"> = {
  literalLengths: Array.from({ length: 288 }, (_, symbol) => {
    if (symbol < 144) return 8;
    if (symbol < 256) return 9;
    return symbol < 280 ? 7 : 8;
  }),
  distances: Array.from({ length: 30 }, () => 5),
};

function decodeBlock(input: BitReader, output: number[]): DecodedBlock {
  const start = input.at;
  const from = output.length;
  const last = input.bits(1) === 1;
  const type = (["stored", "fixed", "dynamic"] as const)[input.bits(2)];
  const counted = {
    codeLengths: zeros(19),
    literalLengths: zeros(286),
    distances: zeros(30),
  };
  const matches: Match[] = [];
  let codes: Codes | undefined;
  let extraBits = 0;
  if (type === undefined) throw new Error("there is no such type of block");
  if (type === "stored") {
    copyStored(input, output);
  } else {
    if (type === "dynamic") codes = decodeCodes(input, counted.codeLengths);
    extraBits = decodeSymbols(input, { output, matches, counted, codes: codes ?? fixedCodes });
  }
  const bytes = Uint8Array.from(output.slice(from));
  return {
    type,
    last,
    start,
    bits: input.at - start,
    bytes,
    matches,
    codes,
    frequencies: counted,
    extraBits,
  };
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}

function copyStored(input: BitReader, output: number[]): void {
  input.align();
  const length = input.bits(16);
  if ((input.bits(16) ^ 0xffff) !== length) throw new Error("the complement does not confirm the length");
  for (let left = length; left > 0; left--) output.push(input.bits(8));
}

function count(frequencies: number[], symbol: number): void {
  frequencies[symbol] = (frequencies[symbol] ?? 0) + 1;
}

function decodeCodes(input: BitReader, frequencies: number[]): Codes {
  const literalLengths = 257 + input.bits(5);
  const distances = 1 + input.bits(5);
  const codeLengths = zeros(19);
  for (const symbol of codeLengthOrder.slice(0, 4 + input.bits(4))) codeLengths[symbol] = input.bits(3);
  const code = canonicalCode(codeLengths);
  const lengths: number[] = [];
  while (lengths.length < literalLengths + distances) {
    const symbol = input.symbol(code);
    count(frequencies, symbol);
    if (symbol < 16) lengths.push(symbol);
    else if (symbol === 16) repeat(lengths, lengths.at(-1), 3 + input.bits(2));
    else repeat(lengths, 0, symbol === 17 ? 3 + input.bits(3) : 11 + input.bits(7));
  }
  if (lengths.length !== literalLengths + distances) throw new Error("lengths go on behind their end");
  return {
    codeLengths,
    literalLengths: lengths.slice(0, literalLengths),
    distances: lengths.slice(literalLengths),
  };
}

function repeat(lengths: number[], length: number | undefined, times: number): void {
  if (length === undefined) throw new Error("there is no length to repeat");
  for (let left = times; left > 0; left--) lengths.push(length);
}

interface Sink {
  readonly output: number[];
  readonly matches: Match[];
  readonly counted: { readonly literalLengths: number[]; readonly distances: number[] };
  readonly codes: Omit<Codes, "codeLengths">;
}

/** Gives how many extra bits there were. */
function decodeSymbols(input: BitReader, { output, matches, counted, codes }: Sink): number {
  const literalLengths = canonicalCode(codes.literalLengths);
  const distances = canonicalCode(codes.distances);
  let extraBits = 0;
  for (;;) {
    const symbol = input.symbol(literalLengths);
    count(counted.literalLengths, symbol);
    if (symbol === endOfBlock) return extraBits;
    if (symbol < endOfBlock) {
      output.push(symbol);
      continue;
    }
    const lengthBits = symbol < 265 || symbol === 285 ? 0 : (symbol - 261) >> 2;
    const length = (lengthBase[symbol - 257] ?? Number.NaN) + input.bits(lengthBits);
    const distanceSymbol = input.symbol(distances);
    count(counted.distances, distanceSymbol);
    const distanceBits = distanceSymbol < 4 ? 0 : (distanceSymbol >> 1) - 1;
    const base = distanceSymbol < 4 ? distanceSymbol : (2 + (distanceSymbol & 1)) << distanceBits;
    const distance = 1 + base + input.bits(distanceBits);
    if (distance > output.length) throw new Error("a distance reaches back beyond the start");
    for (let left = length; left > 0; left--) output.push(output[output.length - distance] ?? 0);
    matches.push({ length, distance });
    extraBits += lengthBits + distanceBits;
  }
}

/** How many bits symbols take by a code. */
function costOf(frequencies: readonly number[], lengths: readonly number[]): number {
  return frequencies.reduce((sum, frequency, symbol) => sum + frequency * (lengths[symbol] ?? 0), 0);
}

/** The bits of a block by the fixed codes, with the symbols that it has. */
export function fixedCost({ frequencies, extraBits }: DecodedBlock): number {
  return (
    3 +
    costOf(frequencies.literalLengths, fixedCodes.literalLengths) +
    costOf(frequencies.distances, fixedCodes.distances) +
    extraBits
  );
}

/** The bits of a block's bytes in stored blocks, the first from where it starts and the others from a byte's start. */
export function storedCost({ start, bytes }: DecodedBlock): number {
  const toAlign = -(start + 3) & 7;
  const further = Math.max(0, Math.ceil(bytes.length / 65_535) - 1);
  return 3 + toAlign + 32 + further * 40 + 8 * bytes.length;
}

/** The longest codeword of Huffman's code for such frequencies, were there no limit. */
export function unlimitedDepth(frequencies: readonly number[]): number {
  const nodes = frequencies.filter((frequency) => frequency > 0).map((weight) => ({ weight, depth: 0 }));
  while (nodes.length > 1) {
    nodes.sort((one, other) => one.weight - other.weight);
    const [one, other] = nodes.splice(0, 2);
    if (one === undefined || other === undefined) throw new TypeError("there are two nodes");
    nodes.push({ weight: one.weight + other.weight, depth: 1 + Math.max(one.depth, other.depth) });
  }
  return nodes[0]?.depth ?? 0;
}

/** The part of all bit strings that start with a codeword: 1 where a code is complete. */
export function kraftSum(lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + (length === 0 ? 0 : 2 ** -length), 0);
}
