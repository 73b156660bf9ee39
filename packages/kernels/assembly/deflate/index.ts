import { makeAlphabets } from "./alphabets";
import { alignToByte, outputLength, putBits, startOutput } from "./bit-writer";
import { writeBlock, writeStored } from "./blocks";
import { addToChains, clearChains } from "./chains";
import { addChunkToBlock, clearBlock, clearChunk, costOfSharing } from "./frequencies";
import { parseGreedily } from "./greedy";
import { parseLazily } from "./lazy";
import { chooseLevel, GREEDY, STORE, strategy } from "./levels";
import { block, output } from "./memory";
import { addToRows, clearRows } from "./rows";
import { hasRoomForChunk, startBlockWithChunk, startChunk, startSequences } from "./sequences";
export { block, output };

makeAlphabets();

/** About how many bits the header of a dynamic block has. */
const HEADER_COST: u32 = 600;

export function deflateBlock(length: u32, dictionaryLength: u32, level: u32, last: bool): u32 {
  chooseLevel(level);
  startOutput();
  const end = block + length;
  if (strategy == STORE) writeStored(block, length, last);
  else deflate(block - dictionaryLength, end, last);
  if (last) alignToByte();
  else writeStored(end, 0, false);
  return outputLength();
}

function deflate(start: usize, end: usize, last: bool): void {
  const hashEnd = end - 3;
  if (strategy == GREEDY) {
    clearRows();
    for (let position = start; position < min(block, hashEnd); position++) addToRows(position);
  } else {
    clearChains();
    for (let position = start; position < min(block, hashEnd); position++) addToChains(position);
  }
  startSequences();
  clearBlock();
  let blockStart = block;
  let position = block;
  while (position < end) {
    clearChunk();
    const chunkStart = position;
    position = strategy == GREEDY ? parseGreedily(start, position, end) : parseLazily(start, position, end);
    if (blockStart < chunkStart && (costOfSharing() > HEADER_COST || !hasRoomForChunk())) {
      writeBlock(blockStart, u32(chunkStart - blockStart), false);
      startBlockWithChunk();
      clearBlock();
      blockStart = chunkStart;
    }
    addChunkToBlock();
    startChunk();
  }
  if (position > blockStart || last) writeBlock(blockStart, u32(end - blockStart), last);
}
