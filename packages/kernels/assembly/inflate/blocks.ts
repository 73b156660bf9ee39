import {
  CODE_LENGTH_SYMBOLS,
  codeLengthExtraBitsOf,
  codeLengthSymbolAt,
  DISTANCE_SYMBOLS,
  END_OF_BLOCK_SYMBOL,
  LITERAL_LENGTH_SYMBOLS,
  REPEAT_PREVIOUS,
  REPEAT_ZERO,
} from "../alphabets.ts";
import {
  alignToByte,
  bitCount,
  dropBits,
  giveBackBytes,
  inputEnd,
  inputNext,
  needBits,
  peekBits,
  skipInput,
  takeBits,
} from "./bits.ts";
import { inflateCarefully } from "./careful.ts";
import { bitsOf, symbolOf } from "./entry.ts";
import { inflateFast } from "./fast.ts";
import {
  buildDistanceTable,
  buildLiteralLengthTable,
  buildPrecodeTable,
  entryAt,
  PRECODE_TABLE_BITS,
  precodeTable,
} from "./huffman.ts";
import {
  CHUNK_FULL,
  CONTINUES,
  ENDED,
  INVALID_BLOCK_TYPE,
  INVALID_DISTANCE_CODE,
  INVALID_LITERAL_LENGTH_CODE,
  INVALID_PRECODE,
  INVALID_REPEAT,
  INVALID_STORED_LENGTH,
  MISSING_END_OF_BLOCK,
  NEEDS_INPUT,
  STEP_ENDED,
  TOO_MANY_SYMBOLS,
} from "./status.ts";
import { copyStored, isChunkFull } from "./window.ts";

/*
 * The steps that a stream is made of (RFC 1951, 3.2.3). Each can be interrupted by the end of the input, and goes on where
 * it was.
 */

const BLOCK_HEADER: u32 = 0;
const STORED_LENGTH: u32 = 1;
const STORED_BYTES: u32 = 2;
const DYNAMIC_HEADER: u32 = 3;
const PRECODE_LENGTHS: u32 = 4;
const CODE_LENGTHS: u32 = 5;
const SYMBOLS: u32 = 6;
const STOPPED: u32 = 7;

const STORED_BLOCK: u32 = 0;
const FIXED_BLOCK: u32 = 1;
const DYNAMIC_BLOCK: u32 = 2;

const FIXED_LITERAL_LENGTH_SYMBOLS: u32 = 288;
const FIXED_DISTANCE_SYMBOLS: u32 = 32;

let step: u32 = BLOCK_HEADER;
/** What the stream has stopped with, for good. */
let verdict: u32 = CONTINUES;
let isLastBlock: bool = false;
/** Bytes of the stored block that are still to come. */
let storedLength: u32 = 0;
/** HLIT, HDIST and HCLEN of a dynamic block, as counts of symbols. */
let literalLengthSymbols: u32 = 0;
let distanceSymbols: u32 = 0;
let precodeSymbols: u32 = 0;
/** How many lengths of the precode, and then of the two codes, are known. */
let knownLengths: u32 = 0;
/** Whether the tables are those of fixed blocks, from a block before. */
let tablesAreFixed: bool = false;

/** A byte for the length of each code: of literals and lengths, then of distances. */
const codeLengths: usize = memory.data(288 + 32, 16);
const precodeLengths: usize = memory.data(19, 16);

export function resetBlocks(): void {
  step = BLOCK_HEADER;
  verdict = CONTINUES;
}

/** Inflates until the input is used up, the chunk is full, or the stream has ended or proved wrong. */
export function inflateBlocks(): u32 {
  for (;;) {
    const status = runStep();
    if (status === STEP_ENDED) continue;
    if (status === NEEDS_INPUT || status === CHUNK_FULL) return status;
    step = STOPPED;
    verdict = status;
    return status;
  }
}

function runStep(): u32 {
  switch (step) {
    case BLOCK_HEADER:
      return readBlockHeader();
    case STORED_LENGTH:
      return readStoredLength();
    case STORED_BYTES:
      return readStoredBytes();
    case DYNAMIC_HEADER:
      return readDynamicHeader();
    case PRECODE_LENGTHS:
      return readPrecodeLengths();
    case CODE_LENGTHS:
      return readCodeLengths();
    case SYMBOLS:
      return readSymbols();
    default:
      return verdict;
  }
}

function go(to: u32): u32 {
  step = to;
  return STEP_ENDED;
}

function endBlock(): u32 {
  if (!isLastBlock) return go(BLOCK_HEADER);
  alignToByte();
  giveBackBytes();
  return ENDED;
}

function readBlockHeader(): u32 {
  if (!needBits(3)) return NEEDS_INPUT;
  isLastBlock = takeBits(1) !== 0;
  const type = takeBits(2);
  if (type === STORED_BLOCK) {
    alignToByte();
    return go(STORED_LENGTH);
  }
  if (type === FIXED_BLOCK) {
    buildFixedTables();
    return go(SYMBOLS);
  }
  return type === DYNAMIC_BLOCK ? go(DYNAMIC_HEADER) : INVALID_BLOCK_TYPE;
}

function readStoredLength(): u32 {
  if (!needBits(32)) return NEEDS_INPUT;
  storedLength = takeBits(16);
  if ((takeBits(16) ^ storedLength) !== 0xffff) return INVALID_STORED_LENGTH;
  giveBackBytes();
  return go(STORED_BYTES);
}

function readStoredBytes(): u32 {
  const copied = copyStored(inputNext, min(storedLength, u32(inputEnd - inputNext)));
  skipInput(copied);
  storedLength -= copied;
  if (storedLength === 0) return endBlock();
  return isChunkFull() ? CHUNK_FULL : NEEDS_INPUT;
}

/** The codes of 3.2.6. */
function buildFixedTables(): void {
  if (tablesAreFixed) return;
  memory.fill(codeLengths, 8, 144);
  memory.fill(codeLengths + 144, 9, 112);
  memory.fill(codeLengths + 256, 7, 24);
  memory.fill(codeLengths + 280, 8, 8);
  buildLiteralLengthTable(codeLengths, FIXED_LITERAL_LENGTH_SYMBOLS);
  memory.fill(codeLengths, 5, FIXED_DISTANCE_SYMBOLS);
  buildDistanceTable(codeLengths, FIXED_DISTANCE_SYMBOLS);
  tablesAreFixed = true;
}

function readDynamicHeader(): u32 {
  if (!needBits(14)) return NEEDS_INPUT;
  literalLengthSymbols = 257 + takeBits(5);
  distanceSymbols = 1 + takeBits(5);
  precodeSymbols = 4 + takeBits(4);
  if (literalLengthSymbols > LITERAL_LENGTH_SYMBOLS) return TOO_MANY_SYMBOLS;
  if (distanceSymbols > DISTANCE_SYMBOLS) return TOO_MANY_SYMBOLS;
  memory.fill(precodeLengths, 0, CODE_LENGTH_SYMBOLS);
  knownLengths = 0;
  return go(PRECODE_LENGTHS);
}

function readPrecodeLengths(): u32 {
  while (knownLengths < precodeSymbols) {
    if (!needBits(3)) return NEEDS_INPUT;
    store<u8>(precodeLengths + codeLengthSymbolAt(knownLengths), u8(takeBits(3)));
    knownLengths++;
  }
  if (!buildPrecodeTable(precodeLengths, CODE_LENGTH_SYMBOLS)) return INVALID_PRECODE;
  knownLengths = 0;
  return go(CODE_LENGTHS);
}

function readCodeLengths(): u32 {
  const total = literalLengthSymbols + distanceSymbols;
  while (knownLengths < total) {
    // As many as a code and its extra bits take at most; fewer may do.
    needBits(PRECODE_TABLE_BITS + 7);
    const entry = entryAt(precodeTable, peekBits(PRECODE_TABLE_BITS));
    const symbol = symbolOf(entry);
    const extraBits = codeLengthExtraBitsOf(symbol);
    if (bitsOf(entry) + extraBits > bitCount) return NEEDS_INPUT;
    dropBits(bitsOf(entry));
    if (symbol < REPEAT_PREVIOUS) {
      store<u8>(codeLengths + knownLengths, u8(symbol));
      knownLengths++;
      continue;
    }
    const repeats = (symbol > REPEAT_ZERO ? 11 : 3) + takeBits(extraBits);
    if (knownLengths + repeats > total) return INVALID_REPEAT;
    let length: u8 = 0;
    if (symbol === REPEAT_PREVIOUS) {
      if (knownLengths === 0) return INVALID_REPEAT;
      length = load<u8>(codeLengths + knownLengths - 1);
    }
    memory.fill(codeLengths + knownLengths, length, repeats);
    knownLengths += repeats;
  }
  return buildDynamicTables();
}

function buildDynamicTables(): u32 {
  if (load<u8>(codeLengths + END_OF_BLOCK_SYMBOL) === 0) return MISSING_END_OF_BLOCK;
  tablesAreFixed = false;
  if (!buildLiteralLengthTable(codeLengths, literalLengthSymbols)) return INVALID_LITERAL_LENGTH_CODE;
  if (!buildDistanceTable(codeLengths + literalLengthSymbols, distanceSymbols)) return INVALID_DISTANCE_CODE;
  return go(SYMBOLS);
}

function readSymbols(): u32 {
  let status = inflateFast();
  if (status === CONTINUES) status = inflateCarefully();
  return status === STEP_ENDED ? endBlock() : status;
}
