import { DrayageError } from "@drayage/errors";
import { chunkSize } from "../engine.ts";
import { invalid } from "../errors.ts";
import type { BitReader } from "./bits.ts";
import { bzip2Checksum } from "./crc32.ts";
import { createHuffmanCode, type HuffmanCode } from "./huffman.ts";

/** A block that is decoded but for its last steps, which {@link expand} does bit by bit. */
export interface Block {
  readonly checksum: number;
  /** The transform's last column, each with its predecessor's place above the low 8 bits. */
  readonly links: Int32Array;
  readonly length: number;
  readonly start: number;
}

/** Symbols that share a table. */
const groupSize = 50;

/**
 * One block, after its magic. The format has no specification; this follows what bzip2 1.0 writes.
 * `links` is memory for it, as long as the stream's block size.
 */
export function readBlock(bits: BitReader, links: Int32Array): Block {
  const checksum = bits.read(16) * 65536 + bits.read(16);
  if (bits.read(1) === 1) {
    throw new DrayageError("ERR_DRAYAGE_COMPRESSION_UNSUPPORTED", "the bzip2 stream has randomised blocks", {
      hint: "it was made by bzip2 0.9.0 or older: compress it anew",
    });
  }
  const origin = bits.read(24);
  const used = readUsedBytes(bits);
  const tableCount = bits.read(3);
  if (tableCount < 2 || tableCount > 6) throw invalid("bzip2", `a block has ${tableCount} tables of codes`);
  const selectors = readSelectors(bits, tableCount);
  const codes = Array.from({ length: tableCount }, () => readCode(bits, used.length + 2));
  const length = readSymbols(bits, { used, selectors, codes, links });
  if (origin >= length) throw invalid("bzip2", "a block starts outside itself");
  linkUp(links, length);
  return { checksum, links, length, start: origin };
}

/** The byte values that occur in the block, in order. */
function readUsedBytes(bits: BitReader): Uint8Array {
  const rows = bits.read(16);
  const used: number[] = [];
  for (let row = 0; row < 16; row++) {
    if ((rows & (0x8000 >> row)) === 0) continue;
    const columns = bits.read(16);
    for (let column = 0; column < 16; column++) {
      if (columns & (0x8000 >> column)) used.push(16 * row + column);
    }
  }
  if (used.length === 0) throw invalid("bzip2", "a block has no byte values");
  return Uint8Array.from(used);
}

/** Which table each group of symbols uses. */
function readSelectors(bits: BitReader, tableCount: number): Uint8Array {
  const selectors = new Uint8Array(bits.read(15));
  if (selectors.length === 0) throw invalid("bzip2", "a block has no selectors");
  const recent = Uint8Array.from({ length: tableCount }, (_, index) => index);
  for (let index = 0; index < selectors.length; index++) {
    let place = 0;
    while (bits.read(1) === 1) {
      place++;
      if (place >= tableCount) throw invalid("bzip2", "a selector names no table");
    }
    selectors[index] = moveToFront(recent, place);
  }
  return selectors;
}

function readCode(bits: BitReader, symbolCount: number): HuffmanCode {
  const lengths = new Uint8Array(symbolCount);
  let length = bits.read(5);
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    for (;;) {
      if (length < 1 || length > 20) throw invalid("bzip2", "a code is too long");
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  return createHuffmanCode(lengths);
}

interface SymbolSource {
  readonly used: Uint8Array;
  readonly selectors: Uint8Array;
  readonly codes: readonly HuffmanCode[];
  readonly links: Int32Array;
}

/** Undoes the codes, the runs of zeros and move-to-front. Returns how many bytes there are. */
function readSymbols(bits: BitReader, { used, selectors, codes, links }: SymbolSource): number {
  const recent = used.slice();
  const endOfBlock = used.length + 1;
  let length = 0;
  let group = 0;
  let left = 0;
  let code: HuffmanCode | undefined;
  // A run's length comes in digits of 1 and 2, the least significant first.
  let run = 0;
  let digit = 1;
  for (;;) {
    if (left === 0) {
      code = codes[selectors[group++] ?? codes.length];
      left = groupSize;
    }
    if (code === undefined) throw invalid("bzip2", "a block has more symbols than selectors");
    left--;
    const symbol = code.decode(bits);
    if (symbol <= 1) {
      run += digit << symbol;
      digit *= 2;
      if (run > links.length) throw invalid("bzip2", "a block is longer than its stream allows");
      continue;
    }
    if (run > 0) {
      if (length + run > links.length) throw invalid("bzip2", "a block is longer than its stream allows");
      links.fill(recent[0] ?? 0, length, length + run);
      length += run;
      run = 0;
      digit = 1;
    }
    if (symbol === endOfBlock) return length;
    if (length === links.length) throw invalid("bzip2", "a block is longer than its stream allows");
    links[length++] = moveToFront(recent, symbol - 1);
  }
}

function moveToFront(values: Uint8Array, place: number): number {
  const value = values[place] ?? 0;
  // Places are small as a rule, for which copyWithin() is slow.
  for (let index = place; index > 0; index--) values[index] = values[index - 1] ?? 0;
  values[0] = value;
  return value;
}

/** Undoes the Burrows-Wheeler transform as far as that each place knows its successor. */
function linkUp(links: Int32Array, length: number): void {
  const places = new Int32Array(257);
  for (let index = 0; index < length; index++) {
    const after = (links[index] ?? 0) + 1;
    places[after] = (places[after] ?? 0) + 1;
  }
  for (let value = 1; value < 256; value++) places[value] = (places[value] ?? 0) + (places[value - 1] ?? 0);
  for (let index = 0; index < length; index++) {
    const value = (links[index] ?? 0) & 0xff;
    const place = places[value] ?? 0;
    places[value] = place + 1;
    links[place] = (links[place] ?? 0) | (index << 8);
  }
}

/** The block's bytes: walks the links and undoes the first run-length coding. Checks the checksum. */
export function* expand({ checksum, links, length, start }: Block): Generator<Uint8Array, void, undefined> {
  let output = new Uint8Array(chunkSize);
  let filled = 0;
  let crc = 0;
  let link = (links[start] ?? 0) >>> 8;
  let previous = -1;
  let repeats = 0;
  for (let count = 0; count < length; count++) {
    const entry = links[link] ?? 0;
    const byte = entry & 0xff;
    link = entry >>> 8;
    // After four equal bytes comes a count of more of them.
    const isCount = repeats === 4;
    const copies = isCount ? byte : 1;
    const value = isCount ? previous : byte;
    if (filled + copies > chunkSize) {
      const part = output.subarray(0, filled);
      crc = bzip2Checksum(part, crc);
      yield part;
      output = new Uint8Array(chunkSize);
      filled = 0;
    }
    // Nearly always one: a call of fill() for each byte takes longer than all the rest.
    for (let copy = 0; copy < copies; copy++) output[filled++] = value;
    if (isCount) repeats = 0;
    else repeats = byte === previous ? repeats + 1 : 1;
    previous = isCount ? -1 : byte;
  }
  const part = output.subarray(0, filled);
  if (bzip2Checksum(part, crc) !== checksum) throw invalid("bzip2", "a block's checksum does not match");
  if (part.length > 0) yield part;
}
