/*
 * The parsed input: sequences of some literals and a match after them. Literals are not copied; they are where the
 * input is.
 *
 * A sequence is a word: the distance less 1 in bits 0 to 14, the match's length (0 where there is none) in bits 15 to
 * 23, the number of literals from bit 24 on. More literals make further sequences without a match.
 */

export const MOST_LITERALS: u32 = 255;

/**
 * How many sequences a chunk has, unless it has CHUNK_INPUT first, or the input ends. A match is of at least four bytes, so
 * a chunk is of at least 8 KiB.
 */
export const CHUNK_SEQUENCES: u32 = 2048;
/** How much input a chunk has, but for the end of its last match. */
export const CHUNK_INPUT: u32 = 32 * 1024;
/** How many sequences a block has at most. */
const BLOCK_SEQUENCES: u32 = 24 * 1024;

const sequences = memory.data(4 * 24 * 1024, 16);
const sequencesEnd: usize = sequences + 4 * BLOCK_SEQUENCES;
/**
 * The most of a chunk. The last of its sequences may follow many literals, which are sequences too, as are literals after
 * it; and a few more bytes than CHUNK_INPUT can be literals, where the input ends.
 */
const CHUNK_ROOM: usize = 4 * (CHUNK_SEQUENCES + CHUNK_INPUT / MOST_LITERALS + 2);

/** The first of the block. */
export let blockSequences: usize = sequences;
/** The first of the chunk. */
export let chunkSequences: usize = sequences;
/** Where the next one goes. */
export let nextSequence: usize = sequences;

export function startSequences(): void {
  blockSequences = sequences;
  chunkSequences = sequences;
  nextSequence = sequences;
}

/** The block so far has been written: the chunk starts the next one. */
export function startBlockWithChunk(): void {
  const size = nextSequence - chunkSequences;
  memory.copy(sequences, chunkSequences, size);
  blockSequences = sequences;
  chunkSequences = sequences;
  nextSequence = sequences + size;
}

/** The chunk is the block's: the next sequences are a new one. */
export function startChunk(): void {
  chunkSequences = nextSequence;
}

/** Whether the block has room for one more chunk. */
export function hasRoomForChunk(): bool {
  return sequencesEnd - nextSequence >= CHUNK_ROOM;
}

export function resumeSequences(place: usize): void {
  nextSequence = place;
}

/** Stores one, or more where there are many literals. Gives the place for the next. */
export function storeSequence(place: usize, literals: u32, match: u32): usize {
  while (literals > MOST_LITERALS) {
    store<u32>(place, MOST_LITERALS << 24);
    place += 4;
    literals -= MOST_LITERALS;
  }
  store<u32>(place, (literals << 24) | match);
  return place + 4;
}

/** A match, as a sequence has it. */
export function matchOf(length: u32, distance: u32): u32 {
  return (length << 15) | (distance - 1);
}

export function lengthOf(match: u32): u32 {
  return (match >> 15) & 0x1ff;
}

export function distanceLess1Of(match: u32): u32 {
  return match & 0x7fff;
}

export function literalsOf(sequence: u32): u32 {
  return sequence >> 24;
}
