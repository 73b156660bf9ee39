import { BitWriter } from "./bit-writer.ts";
import type { Random } from "./random.ts";

/*
 * Streams written by the grammar of RFC 1951, symbol by symbol, with rules bent here and there: what no compressor
 * writes, and most of what a decoder has to refuse.
 */

const lengthBase = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
];
const lengthExtraBits = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const distanceBase = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
  6145, 8193, 12289, 16385, 24577,
];
const distanceExtraBits = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
const codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const endOfBlock = 256;
const windowSize = 32 * 1024;
const longestMatch = 258;
const mostStored = 0xffff;
/** So many bytes fill a chunk of the inflater's output: CHUNK_SIZE less CHUNK_RESERVE in assembly/inflate/memory.ts. */
export const chunkLimit: number = 256 * 1024 - 274;

interface Code {
  readonly length: number;
  readonly code: number;
}

/** The stream being written, and how much it inflates to so far. */
export interface Stream {
  readonly random: Random;
  readonly out: BitWriter;
  /** One wrong thing in so many chances; endless where nothing is to be wrong. */
  readonly wrongOnce: number;
  produced: number;
}

/**
 * A stream of a few blocks, or of many tiny ones. About a half of them are valid. Now and then the first ones end about
 * where the inflater's chunks do.
 */
export function grammarStream(random: Random): Uint8Array {
  const wrongOnce = random.once(2) ? Number.POSITIVE_INFINITY : random.pick([20, 200, 2000]);
  const stream: Stream = { random, out: new BitWriter(), wrongOnce, produced: 0 };
  if (random.once(20)) writeChunks(stream);
  return writeStream(stream);
}

/** A valid stream whose first blocks end about where the inflater's chunks do. */
export function chunksStream(random: Random): Uint8Array {
  const stream = { random, out: new BitWriter(), wrongOnce: Number.POSITIVE_INFINITY, produced: 0 };
  writeChunks(stream);
  return writeStream(stream);
}

function writeStream(stream: Stream): Uint8Array {
  const { random } = stream;
  const blocks = random.once(4) ? random.int(20, 300) : random.int(1, 6);
  const size = blocks > 6 ? 20 : random.magnitude(1, 4000);
  for (let left = blocks; left > 0; left--) writeBlock(stream, { last: left === 1 && !wrong(stream), size });
  // What follows the end is none of the stream's.
  if (random.once(4)) for (const byte of random.bytes(random.int(1, 20))) stream.out.bits(byte, 8);
  return stream.out.finish();
}

function wrong({ random, wrongOnce }: Stream): boolean {
  return Number.isFinite(wrongOnce) && random.once(wrongOnce);
}

function writeBlock(stream: Stream, { last, size }: { last: boolean; size: number }): void {
  const { random, out } = stream;
  out.bits(last ? 1 : 0, 1);
  const type = wrong(stream) ? 3 : random.pick([0, 1, 1, 2, 2, 2, 2]);
  out.bits(type, 2);
  if (type === 0) writeStored(stream, random.once(3) ? 0 : random.magnitude(0, size * 4));
  else if (type === 1) writeSymbols(stream, { ...fixedCodes(), size });
  else if (type === 2) writeDynamic(stream, size);
}

/** Blocks each of which ends a few bytes before or after the inflater's chunk is full, or right there. */
function writeChunks(stream: Stream): void {
  const { random } = stream;
  for (let left = random.int(1, 3); left > 0; left--) {
    // Literals may end a byte beyond the limit; a match, further on.
    const off = random.once(4) ? random.int(-2, longestMatch + 4) : random.pick([-2, -1, 0, 1, 1, 1, 2]);
    // The next chunk begins where this one ends.
    writeChunkUpTo(stream, stream.produced + chunkLimit + off);
  }
}

/** A block that ends when `target` bytes are produced, and mostly some that are stored. Gives where it ends. */
export function writeChunkUpTo(stream: Stream, target: number): number {
  const { random, out } = stream;
  out.bits(0, 1);
  writeBlockUpTo(stream, target);
  const end = stream.produced;
  if (random.once(4)) return end;
  out.bits(0, 3);
  writeStored(stream, random.once(2) ? random.int(windowSize, mostStored) : random.magnitude(0, mostStored));
  return end;
}

/** A block, but for its first bit, that ends when so much is produced: long matches, some literals, perhaps a match. */
function writeBlockUpTo(stream: Stream, target: number): void {
  const { random, out } = stream;
  const { symbols, distances } = random.once(2) ? fixedBlock(stream) : fullDynamicBlock(stream);
  const literals = usable(symbols, 0, 255);
  const lastMatch = random.pick([0, 0, 0, 3, longestMatch]);
  const literalCount = random.int(0, random.pick([6, 600]));
  const literal = () => {
    put(out, symbols[random.pick(literals)]);
    stream.produced++;
  };
  const match = (symbol: number, length: number) => {
    put(out, symbols[symbol]);
    put(out, distances[0]);
    stream.produced += length;
  };
  // Matches have multiples of 3: so many literals decide how many there are at the end, modulo 3.
  for (let left = random.int(1, 3); left > 0; left--) literal();
  const matchesEnd = target - lastMatch - literalCount;
  while (stream.produced + longestMatch <= matchesEnd) match(285, longestMatch);
  while (stream.produced + 3 <= matchesEnd) match(257, 3);
  while (stream.produced + lastMatch < target) literal();
  if (lastMatch > 0) match(lastMatch === longestMatch ? 285 : 257, lastMatch);
  put(out, symbols[endOfBlock]);
}

function fixedBlock({ out }: Stream): Codes {
  out.bits(1, 2);
  return fixedCodes();
}

/** A block that has a code for every symbol. */
function fullDynamicBlock(stream: Stream): Codes {
  const { random, out } = stream;
  out.bits(2, 2);
  out.bits(286 - 257, 5);
  out.bits(30 - 1, 5);
  const symbolLengths = shuffledDepths(random, 286);
  const distanceLengths = shuffledDepths(random, 30);
  writeCodeLengths({ ...stream, wrongOnce: Number.POSITIVE_INFINITY }, [
    ...symbolLengths,
    ...distanceLengths,
  ]);
  return { symbols: codesOf(symbolLengths), distances: codesOf(distanceLengths) };
}

function shuffledDepths(random: Random, count: number): number[] {
  const depths = leafDepths(random, count, 15);
  return shuffled(random, count).map((index) => depths[index] ?? 0);
}

function writeStored(stream: Stream, length: number): void {
  const { random, out } = stream;
  out.align(random.int(0, 1));
  const told = wrong(stream) ? random.int(0, mostStored) : Math.min(length, mostStored);
  out.bits(told, 16);
  out.bits(wrong(stream) ? random.bits() : ~told, 16);
  for (const byte of random.bytes(Math.min(length, mostStored))) out.bits(byte, 8);
  stream.produced += told;
}

interface Codes {
  readonly symbols: readonly Code[];
  readonly distances: readonly Code[];
}

function fixedCodes(): Codes {
  const lengths = Array.from({ length: 288 }, (_, symbol) => {
    if (symbol < 144) return 8;
    if (symbol < 256) return 9;
    return symbol < 280 ? 7 : 8;
  });
  return { symbols: codesOf(lengths), distances: codesOf(Array.from({ length: 30 }, () => 5)) };
}

/** Codes from their lengths (RFC 1951, 3.2.2), be they over-subscribed or not. */
function codesOf(lengths: readonly number[]): Code[] {
  const counts = Array.from({ length: 17 }, () => 0);
  for (const length of lengths) if (length > 0) counts[length] = (counts[length] ?? 0) + 1;
  const next = [0];
  for (let length = 1, code = 0; length <= 16; length++) {
    code = (code + (counts[length - 1] ?? 0)) * 2;
    next[length] = code;
  }
  return lengths.map((length) => {
    const code = next[length] ?? 0;
    if (length > 0) next[length] = code + 1;
    return { length, code };
  });
}

/** What a block may use of its codes. */
interface Choices extends Codes {
  readonly literals: readonly number[];
  readonly matchLengths: readonly number[];
  readonly matchDistances: readonly number[];
  /** Whether matches reach back as far as they may. */
  readonly far: boolean;
}

/** Literals and matches, and the block's end. */
function writeSymbols(stream: Stream, { symbols, distances, size }: Codes & { readonly size: number }): void {
  const { random, out } = stream;
  const choices: Choices = {
    symbols,
    distances,
    literals: usable(symbols, 0, 255),
    matchLengths: usable(symbols, 257, 287),
    matchDistances: usable(distances, 0, 31),
    far: random.once(3),
  };
  const matchesOnce = random.pick([1, 2, 5, 30]);
  for (let left = random.int(0, size); left > 0; left--) {
    if (!(random.once(matchesOnce) && writeMatch(stream, choices))) writeLiteral(stream, choices);
    if (wrong(stream)) out.bits(random.bits(), random.int(1, 20));
  }
  if (!wrong(stream)) put(out, symbols[endOfBlock]);
}

function usable(codes: readonly Code[], first: number, last: number): number[] {
  const symbols = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return symbols.filter((symbol) => (codes[symbol]?.length ?? 0) > 0);
}

function writeLiteral(stream: Stream, { symbols, literals }: Choices): void {
  if (literals.length === 0) return;
  put(stream.out, symbols[stream.random.pick(literals)]);
  stream.produced++;
}

/** False where there is no match that the codes have and the output so far allows. */
function writeMatch(stream: Stream, choices: Choices): boolean {
  const { random, out } = stream;
  const { matchLengths, matchDistances, far } = choices;
  const reach = wrong(stream) ? windowSize + 1 : Math.min(stream.produced, windowSize);
  const within = matchDistances.filter((symbol) => (distanceBase[symbol] ?? 0) <= reach);
  const allowed = wrong(stream) ? matchDistances : within;
  const lengths = wrong(stream) ? matchLengths : matchLengths.filter((symbol) => symbol <= 285);
  if (lengths.length === 0 || allowed.length === 0) return false;
  const lengthSymbol = random.once(5) ? (lengths.at(-1) ?? 0) : random.pick(lengths);
  const lengthBits = lengthExtraBits[lengthSymbol - 257] ?? 0;
  const lengthExtra = random.int(0, 2 ** lengthBits - 1);
  put(out, choices.symbols[lengthSymbol]);
  out.bits(lengthExtra, lengthBits);
  const symbol = far ? (allowed.at(-1) ?? 0) : random.pick(allowed);
  const extraBits = distanceExtraBits[symbol] ?? 0;
  const room = Math.max(0, reach - (distanceBase[symbol] ?? 0));
  const most = Math.min(2 ** extraBits - 1, room);
  const extra = far ? most : random.int(0, most);
  put(out, choices.distances[symbol]);
  // One too far, where something is to be wrong.
  out.bits(wrong(stream) ? extra + 1 : extra, extraBits);
  stream.produced += (lengthBase[lengthSymbol - 257] ?? 0) + lengthExtra;
  return true;
}

function put(out: BitWriter, code: Code | undefined): void {
  if (code !== undefined) out.code(code.code, code.length);
}

function writeDynamic(stream: Stream, size: number): void {
  const { random, out } = stream;
  const symbolCount = wrong(stream) ? random.int(257, 288) : random.int(257, 286);
  const distanceCount = wrong(stream) ? random.int(1, 32) : random.int(1, 30);
  const symbolLengths = codeLengths(stream, { symbols: symbolCount, always: endOfBlock, most: 15 });
  const distanceLengths = codeLengths(stream, { symbols: distanceCount, most: 15 });
  out.bits(symbolCount - 257, 5);
  out.bits(distanceCount - 1, 5);
  writeCodeLengths(stream, [...symbolLengths, ...distanceLengths]);
  writeSymbols(stream, { symbols: codesOf(symbolLengths), distances: codesOf(distanceLengths), size });
}

interface Alphabet {
  readonly symbols: number;
  /** A symbol that has a code in any case. */
  readonly always?: number;
  /** The longest code. */
  readonly most: number;
}

/** Lengths of a complete code for some of the symbols; or, where something is to be wrong, of one that is not. */
function codeLengths(stream: Stream, { symbols, always, most }: Alphabet): number[] {
  const { random } = stream;
  const lengths = Array.from({ length: symbols }, () => 0);
  const used = random.once(6) ? random.int(0, 3) : random.int(2, symbols);
  const chosen = shuffled(random, symbols).slice(0, Math.min(used, symbols));
  if (always !== undefined && !chosen.includes(always)) chosen[0] = always;
  const leaves = chosen.length === 1 ? [1] : leafDepths(random, chosen.length, most);
  for (const [index, symbol] of chosen.entries()) lengths[symbol] = leaves[index] ?? 0;
  if (wrong(stream)) lengths[random.int(0, symbols - 1)] = random.int(0, most);
  if (wrong(stream) && always !== undefined) lengths[always] = 0;
  return lengths;
}

/** The depths of a full binary tree's leaves: halved again and again, in one place or all over. */
function leafDepths(random: Random, count: number, most: number): number[] {
  const depths = [0];
  const deep = random.once(2);
  while (depths.length < count) {
    const at = deep && random.int(0, 9) > 0 ? depths.length - 1 : random.int(0, depths.length - 1);
    const open = (depths[at] ?? 0) < most ? at : depths.findIndex((depth) => depth < most);
    const depth = (depths[open] ?? 0) + 1;
    depths[open] = depth;
    depths.push(depth);
  }
  return depths;
}

function shuffled(random: Random, count: number): number[] {
  const numbers = Array.from({ length: count }, (_, index) => index);
  for (let at = count - 1; at > 0; at--) {
    const other = random.int(0, at);
    [numbers[at], numbers[other]] = [numbers[other] ?? 0, numbers[at] ?? 0];
  }
  return numbers;
}

/** A symbol of the alphabet of code lengths (RFC 1951, 3.2.7), and its extra bits. */
interface Token {
  readonly symbol: number;
  readonly extra: number;
  readonly bits: number;
}

function writeCodeLengths(stream: Stream, lengths: readonly number[]): void {
  const { random, out } = stream;
  const tokens = codeLengthTokens(stream, lengths);
  const used = [...new Set(tokens.map(({ symbol }) => symbol))];
  // A code of one symbol would not be complete.
  for (let symbol = 0; used.length < 2; symbol++) if (!used.includes(symbol)) used.push(symbol);
  const leaves = leafDepths(random, used.length, 7);
  const precode = Array.from({ length: 19 }, () => 0);
  for (const [index, symbol] of used.entries()) precode[symbol] = leaves[index] ?? 0;
  if (wrong(stream)) precode[random.int(0, 18)] = random.int(0, 7);
  const told = codeLengthOrder.findLastIndex((symbol) => precode[symbol] !== 0) + 1;
  const count = random.int(Math.max(4, told), 19);
  out.bits(count - 4, 4);
  for (const symbol of codeLengthOrder.slice(0, count)) out.bits(precode[symbol] ?? 0, 3);
  const codes = codesOf(precode);
  for (const { symbol, extra, bits } of tokens) {
    put(out, codes[symbol]);
    out.bits(extra, bits);
  }
}

function codeLengthTokens(stream: Stream, lengths: readonly number[]): Token[] {
  const { random } = stream;
  const tokens: Token[] = [];
  if (wrong(stream)) tokens.push({ symbol: 16, extra: random.int(0, 3), bits: 2 });
  for (let at = 0; at < lengths.length; ) {
    const length = lengths[at] ?? 0;
    let run = 1;
    while (lengths[at + run] === length) run++;
    const token = random.once(5)
      ? undefined
      : repeated(random, { length, run, follows: lengths[at - 1] === length });
    tokens.push(token?.token ?? { symbol: length, extra: 0, bits: 0 });
    at += token?.covers ?? 1;
  }
  if (wrong(stream)) tokens.push({ symbol: 18, extra: random.int(0, 127), bits: 7 });
  return tokens;
}

interface Run {
  readonly length: number;
  readonly run: number;
  /** Whether the length before it is the same. */
  readonly follows: boolean;
}

function repeated(
  random: Random,
  { length, run, follows }: Run,
): { token: Token; covers: number } | undefined {
  if (length === 0 && run >= 11 && !random.once(4)) {
    const covers = Math.min(run, random.once(3) ? random.int(11, 138) : 138);
    return { token: { symbol: 18, extra: covers - 11, bits: 7 }, covers };
  }
  if (length === 0 && run >= 3 && !random.once(4)) {
    const covers = Math.min(run, random.int(3, 10));
    return { token: { symbol: 17, extra: covers - 3, bits: 3 }, covers };
  }
  if (!follows || run < 3) return undefined;
  const covers = Math.min(run, random.int(3, 6));
  return { token: { symbol: 16, extra: covers - 3, bits: 2 }, covers };
}
