import {
  CODE_LENGTH_SYMBOLS,
  codeLengthExtraBitsOf,
  codeLengthSymbolAt,
  DISTANCE_SYMBOLS,
  distanceExtraBitsOf,
  END_OF_BLOCK_SYMBOL,
  FIRST_LENGTH_SYMBOL,
  LITERAL_LENGTH_SYMBOLS,
  lengthBaseOf,
  lengthExtraBitsOf,
  REPEAT_PREVIOUS,
  REPEAT_ZERO,
  REPEAT_ZERO_LONG,
} from "../alphabets.ts";
import { distanceSymbolOf, LONGEST_MATCH, lengthIndexOf, SHORTEST_MATCH } from "./alphabets.ts";
import { alignToByte, bitCount, bits, flushBits, next, putBits, putBytes, resumeBits } from "./bit-writer.ts";
import { blockDistanceFrequencies, blockFrequencies } from "./frequencies.ts";
import { codewordBits, codewordLength, makeCode, reversed } from "./huffman.ts";
import { STORED_LIMIT } from "./memory.ts";
import { blockSequences, chunkSequences, distanceLess1Of, lengthOf, literalsOf } from "./sequences.ts";

/*
 * Blocks of deflate (RFC 1951, 3.2.3 to 3.2.7): each is stored, or has the fixed codes, or codes of its own, whichever
 * takes the fewest bits.
 */

/** BTYPE. */
const STORED: u32 = 0;
const FIXED: u32 = 1;
const DYNAMIC: u32 = 2;
const HEADER_BITS: u32 = 3;

const LONGEST_CODEWORD: u32 = 15;
const LONGEST_CODE_LENGTH_CODEWORD: u32 = 7;
/** HLIT, HDIST and HCLEN have so many bits, and are less than what they count by so many. */
const HLIT_BITS: u32 = 5;
const HLIT_LEAST: u32 = 257;
const HDIST_BITS: u32 = 5;
const HDIST_LEAST: u32 = 1;
const HCLEN_BITS: u32 = 4;
const HCLEN_LEAST: u32 = 4;
const CODE_LENGTH_BITS: u32 = 3;

const literalLengthCode = memory.data(4 * 286, 16);
const distanceCode = memory.data(4 * 30, 16);
const codeLengthCode = memory.data(4 * 19, 16);
const codeLengthFrequencies = memory.data(4 * 19, 16);

/** The lengths of both codes, in a row, and the symbols that stand for them, each with its extra bits from bit 8 on. */
const codeLengths = memory.data(286 + 30, 16);
const codeLengthSymbols = memory.data(2 * (286 + 30), 16);
let codeLengthSymbolCount: u32 = 0;
let hlit: u32 = 0;
let hdist: u32 = 0;
let hclen: u32 = 0;

/** For each length of a match, codeword and extra bits, and the number of both from bit 24 on. */
const lengthEntries = memory.data(4 * 259, 16);
/** For each distance symbol, its codeword, a mask of the extra bits from bit 16 on, both lengths from 32 and 40 on. */
const distanceEntries = memory.data(8 * 30, 16);

/** Writes the block of which there are sequences, from `blockSequences` to `chunkSequences`, and frequencies. */
export function writeBlock(from: usize, length: u32, last: bool): void {
  store<u32>(blockFrequencies + 4 * END_OF_BLOCK_SYMBOL, 1);
  makeCode(blockFrequencies, LITERAL_LENGTH_SYMBOLS, LONGEST_CODEWORD, literalLengthCode);
  makeCode(blockDistanceFrequencies, DISTANCE_SYMBOLS, LONGEST_CODEWORD, distanceCode);
  makeDynamicHeader();
  const extraBits = costOfExtraBits();
  const dynamicCost = HEADER_BITS + costOfDynamicHeader() + costOfSymbols() + extraBits;
  const fixedCost = HEADER_BITS + costOfFixedSymbols() + extraBits;
  const cost = min(dynamicCost, fixedCost);
  if (costOfStored(length) <= cost) {
    writeStored(from, length, last);
    return;
  }
  if (fixedCost <= dynamicCost) {
    putBits(u32(last) | (FIXED << 1), HEADER_BITS);
    makeFixedCodes();
  } else {
    putBits(u32(last) | (DYNAMIC << 1), HEADER_BITS);
    writeDynamicHeader();
  }
  flushBits();
  makeEntries();
  writeSequences(from);
}

/** Stored blocks, of which one is written even where there is nothing to store. */
export function writeStored(from: usize, length: u32, last: bool): void {
  do {
    const part = min(length, STORED_LIMIT);
    length -= part;
    putBits(u32(last && length == 0) | (STORED << 1), HEADER_BITS);
    alignToByte();
    putBits(part | ((part ^ 0xffff) << 16), 32);
    flushBits();
    putBytes(from, part);
    from += part;
  } while (length > 0);
}

function costOfStored(length: u32): u32 {
  const toAlign = (0 - (bitCount + HEADER_BITS)) & 7;
  const further = length > 0 ? (length - 1) / STORED_LIMIT : 0;
  return HEADER_BITS + toAlign + 32 + further * 40 + (length << 3);
}

function costOfExtraBits(): u32 {
  let cost: u32 = 0;
  for (let symbol = FIRST_LENGTH_SYMBOL; symbol < LITERAL_LENGTH_SYMBOLS; symbol++) {
    cost += load<u32>(blockFrequencies + (symbol << 2)) * lengthExtraBitsOf(symbol - FIRST_LENGTH_SYMBOL);
  }
  for (let symbol: u32 = 0; symbol < DISTANCE_SYMBOLS; symbol++) {
    cost += load<u32>(blockDistanceFrequencies + (symbol << 2)) * distanceExtraBitsOf(symbol);
  }
  return cost;
}

function costOfSymbols(): u32 {
  return (
    costOfAlphabet(blockFrequencies, LITERAL_LENGTH_SYMBOLS, literalLengthCode) +
    costOfAlphabet(blockDistanceFrequencies, DISTANCE_SYMBOLS, distanceCode)
  );
}

function costOfAlphabet(frequencies: usize, symbols: u32, code: usize): u32 {
  let cost: u32 = 0;
  for (let offset: usize = 0; offset < symbols << 2; offset += 4) {
    cost += load<u32>(frequencies + offset) * codewordLength(load<u32>(code + offset));
  }
  return cost;
}

function costOfFixedSymbols(): u32 {
  let cost: u32 = 0;
  for (let symbol: u32 = 0; symbol < LITERAL_LENGTH_SYMBOLS; symbol++) {
    cost += load<u32>(blockFrequencies + (symbol << 2)) * fixedLengthOf(symbol);
  }
  for (let symbol: u32 = 0; symbol < DISTANCE_SYMBOLS; symbol++) {
    cost += load<u32>(blockDistanceFrequencies + (symbol << 2)) * FIXED_DISTANCE_LENGTH;
  }
  return cost;
}

/** The fixed codes (RFC 1951, 3.2.6). */
const FIXED_DISTANCE_LENGTH: u32 = 5;

function fixedLengthOf(symbol: u32): u32 {
  if (symbol < 144) return 8;
  if (symbol < 256) return 9;
  return symbol < 280 ? 7 : 8;
}

function fixedCodewordOf(symbol: u32): u32 {
  if (symbol < 144) return 0b00110000 + symbol;
  if (symbol < 256) return 0b110010000 + symbol - 144;
  if (symbol < 280) return symbol - 256;
  return 0b11000000 + symbol - 280;
}

function makeFixedCodes(): void {
  for (let symbol: u32 = 0; symbol < LITERAL_LENGTH_SYMBOLS; symbol++) {
    const length = fixedLengthOf(symbol);
    store<u32>(literalLengthCode + (symbol << 2), (length << 24) | reversed(fixedCodewordOf(symbol), length));
  }
  for (let symbol: u32 = 0; symbol < DISTANCE_SYMBOLS; symbol++) {
    const codeword = reversed(symbol, FIXED_DISTANCE_LENGTH);
    store<u32>(distanceCode + (symbol << 2), (FIXED_DISTANCE_LENGTH << 24) | codeword);
  }
}

/** The codes' lengths as a dynamic block gives them (RFC 1951, 3.2.7). */
function makeDynamicHeader(): void {
  hlit = usedSymbols(literalLengthCode, LITERAL_LENGTH_SYMBOLS, HLIT_LEAST);
  hdist = usedSymbols(distanceCode, DISTANCE_SYMBOLS, HDIST_LEAST);
  for (let symbol: u32 = 0; symbol < hlit; symbol++) {
    store<u8>(codeLengths + symbol, codewordLength(load<u32>(literalLengthCode + (symbol << 2))));
  }
  for (let symbol: u32 = 0; symbol < hdist; symbol++) {
    store<u8>(codeLengths + hlit + symbol, codewordLength(load<u32>(distanceCode + (symbol << 2))));
  }
  encodeCodeLengths(hlit + hdist);
  makeCode(codeLengthFrequencies, CODE_LENGTH_SYMBOLS, LONGEST_CODE_LENGTH_CODEWORD, codeLengthCode);
  hclen = CODE_LENGTH_SYMBOLS;
  while (hclen > HCLEN_LEAST && load<u32>(codeLengthCode + (codeLengthSymbolAt(hclen - 1) << 2)) == 0)
    hclen--;
}

function usedSymbols(code: usize, symbols: u32, least: u32): u32 {
  while (symbols > least && load<u32>(code + ((symbols - 1) << 2)) == 0) symbols--;
  return symbols;
}

/** Runs of equal lengths become repetitions: at most 6 of the one before, at most 138 zeros. */
function encodeCodeLengths(count: u32): void {
  memory.fill(codeLengthFrequencies, 0, 4 * CODE_LENGTH_SYMBOLS);
  codeLengthSymbolCount = 0;
  let index: u32 = 0;
  while (index < count) {
    const length: u32 = load<u8>(codeLengths + index);
    let run: u32 = 1;
    while (index + run < count && load<u8>(codeLengths + index + run) == length) run++;
    index += run;
    if (length == 0) {
      while (run >= 11) run -= addRepetition(REPEAT_ZERO_LONG, 11, min(run, 138));
      if (run >= 3) run -= addRepetition(REPEAT_ZERO, 3, run);
    } else {
      addCodeLength(length, 0);
      run--;
      while (run >= 3) run -= addRepetition(REPEAT_PREVIOUS, 3, min(run, 6));
    }
    for (; run > 0; run--) addCodeLength(length, 0);
  }
}

function addRepetition(symbol: u32, least: u32, times: u32): u32 {
  addCodeLength(symbol, times - least);
  return times;
}

function addCodeLength(symbol: u32, extraBits: u32): void {
  store<u16>(codeLengthSymbols + (codeLengthSymbolCount << 1), symbol | (extraBits << 8));
  codeLengthSymbolCount++;
  const frequency = codeLengthFrequencies + (symbol << 2);
  store<u32>(frequency, load<u32>(frequency) + 1);
}

function costOfDynamicHeader(): u32 {
  let cost = HLIT_BITS + HDIST_BITS + HCLEN_BITS + hclen * CODE_LENGTH_BITS;
  for (let symbol: u32 = 0; symbol < CODE_LENGTH_SYMBOLS; symbol++) {
    const length = codewordLength(load<u32>(codeLengthCode + (symbol << 2)));
    cost += load<u32>(codeLengthFrequencies + (symbol << 2)) * (length + codeLengthExtraBitsOf(symbol));
  }
  return cost;
}

function writeDynamicHeader(): void {
  putBits(hlit - HLIT_LEAST, HLIT_BITS);
  putBits(hdist - HDIST_LEAST, HDIST_BITS);
  putBits(hclen - HCLEN_LEAST, HCLEN_BITS);
  for (let place: u32 = 0; place < hclen; place++) {
    flushBits();
    putBits(codewordLength(load<u32>(codeLengthCode + (codeLengthSymbolAt(place) << 2))), CODE_LENGTH_BITS);
  }
  for (let index: u32 = 0; index < codeLengthSymbolCount; index++) {
    flushBits();
    const encoded: u32 = load<u16>(codeLengthSymbols + (index << 1));
    const symbol = encoded & 0xff;
    const codeword = load<u32>(codeLengthCode + (symbol << 2));
    putBits(codewordBits(codeword), codewordLength(codeword));
    putBits(encoded >> 8, codeLengthExtraBitsOf(symbol));
  }
}

/** Puts codewords and extra bits together, so that the loop over the sequences has less to do. */
function makeEntries(): void {
  for (let length = SHORTEST_MATCH; length <= LONGEST_MATCH; length++) {
    const index = lengthIndexOf(length);
    const codeword = load<u32>(literalLengthCode + ((FIRST_LENGTH_SYMBOL + index) << 2));
    const extra = (length - lengthBaseOf(index)) << codewordLength(codeword);
    store<u32>(lengthEntries + (length << 2), (codeword | extra) + (lengthExtraBitsOf(index) << 24));
  }
  for (let symbol: u32 = 0; symbol < DISTANCE_SYMBOLS; symbol++) {
    const codeword = load<u32>(distanceCode + (symbol << 2));
    const extraBits = distanceExtraBitsOf(symbol);
    const length = codewordLength(codeword);
    store<u64>(
      distanceEntries + (symbol << 3),
      u64(codewordBits(codeword) | (((1 << extraBits) - 1) << 16)) |
        (u64(length) << 32) |
        (u64(length + extraBits) << 40),
    );
  }
}

/**
 * All literals and matches of the block, which starts at `literal`, and its end.
 *
 * What is not stored yet is at most seven bits, after which there is room for three literals of at most 15 each, or
 * for a match: at most 15 + 5 bits for its length, and 15 + 13 for its distance.
 *
 * Most sequences have no more than three literals. For these there is no loop, whose end would often be guessed
 * wrong: three are written each time, and those that are not there as codewords of no bits.
 */
function writeSequences(literal: usize): void {
  let word = bits;
  let count = bitCount;
  let place = next;
  const end = chunkSequences;
  for (let at = blockSequences; at < end; at += 4) {
    const sequence = load<u32>(at);
    let literals = literalsOf(sequence);
    let written: u32 = 0;
    do {
      const first = literalEntry(literal, literals > 0);
      const second = literalEntry(literal + 1, literals > 1);
      const third = literalEntry(literal + 2, literals > 2);
      word |= u64(codewordBits(first)) << count;
      count += codewordLength(first);
      word |= u64(codewordBits(second)) << count;
      count += codewordLength(second);
      word |= u64(codewordBits(third)) << count;
      count += codewordLength(third);
      store<u64>(place, word);
      place += count >> 3;
      word >>= count & ~7;
      count &= 7;
      written = min(literals, 3);
      literal += written;
      literals -= written;
    } while (literals > 0);
    const length = lengthOf(sequence);
    if (length == 0) continue;
    literal += length;
    const lengthEntry = load<u32>(lengthEntries + (usize(length) << 2));
    word |= u64(codewordBits(lengthEntry)) << count;
    count += codewordLength(lengthEntry);
    const less1 = distanceLess1Of(sequence);
    const distanceEntry = load<u64>(distanceEntries + (usize(distanceSymbolOf(less1)) << 3));
    const codewordAndMask = u32(distanceEntry);
    const lengths = u32(distanceEntry >> 32);
    const extra = less1 & (codewordAndMask >> 16);
    word |= u64((codewordAndMask & 0xffff) | (extra << (lengths & 0xff))) << count;
    count += lengths >> 8;
    store<u64>(place, word);
    place += count >> 3;
    word >>= count & ~7;
    count &= 7;
  }
  resumeBits(word, count, place);
  const endOfBlock = load<u32>(literalLengthCode + 4 * END_OF_BLOCK_SYMBOL);
  putBits(codewordBits(endOfBlock), codewordLength(endOfBlock));
  flushBits();
}

/** The codeword of the literal at a place, or one of no bits. */
function literalEntry(place: usize, present: bool): u32 {
  return load<u32>(literalLengthCode + (usize(load<u8>(place)) << 2)) & (0 - u32(present));
}
