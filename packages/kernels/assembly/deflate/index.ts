import { makeAlphabets } from "./alphabets.ts";
import { alignToByte, outputLength, startOutput } from "./bit-writer.ts";
import { writeBlock, writeStored } from "./blocks.ts";
import { addChunkToBlock, clearBlock, clearChunk, costOfSharing } from "./frequencies.ts";
import { chooseLevel, storesOnly } from "./levels.ts";
import { block, clearAroundInput, output } from "./memory.ts";
import { parseChunk, startParser } from "./parser.ts";
import { hasRoomForChunk, startBlockWithChunk, startChunk, startSequences } from "./sequences.ts";

export { block, output };

makeAlphabets();

/** About how many bits a block of its own costs a chunk: the lengths of its codes. It may as well be a bit more. */
const COST_OF_BLOCK: f32 = 900;

/**
 * Deflates `length` bytes at {@link block}, before which there are the last `dictionaryLength` bytes of what came before
 * them. Gives the length of the result, which is at {@link output}.
 *
 * @param level 0 to 9
 * @param last Whether the stream ends here. Otherwise a sync flush does: an empty stored block.
 */
export function deflateBlock(length: u32, dictionaryLength: u32, level: u32, last: bool): u32 {
  const start = block - dictionaryLength;
  const end = block + length;
  startOutput();
  chooseLevel(level);
  if (storesOnly()) {
    if (length > 0 || last) writeStored(block, length, last);
  } else {
    clearAroundInput(start, end);
    startParser(start, block, end);
    deflate(start, end, last);
  }
  if (last) alignToByte();
  else writeStored(end, 0, false);
  return outputLength();
}

/**
 * Parses the input chunk by chunk. A chunk joins the block before it, so that they share their codes, unless they
 * differ so much that this costs more than a further block.
 */
function deflate(start: usize, end: usize, last: bool): void {
  startSequences();
  clearBlock();
  let blockStart = block;
  let position = block;
  while (position < end) {
    const chunkStart = position;
    clearChunk();
    position = parseChunk(start, chunkStart, end);
    if (chunkStart > blockStart && (!hasRoomForChunk() || costOfSharing() > COST_OF_BLOCK)) {
      writeBlock(blockStart, u32(chunkStart - blockStart), false);
      blockStart = chunkStart;
      startBlockWithChunk();
      clearBlock();
    }
    addChunkToBlock();
    startChunk();
  }
  if (end > blockStart || last) writeBlock(blockStart, u32(end - blockStart), last);
}
