import { WINDOW_SIZE } from "./alphabets.ts";

/*
 * Where input and output are in the kernel's memory, which never grows, so that views of it stay valid.
 */

/** The most input of a call. */
const BLOCK_LIMIT: u32 = 1024 * 1024;

/** The longest match is compared eight bytes at a time, which may go so far beyond the input's end. */
const INPUT_SLACK: u32 = 272;

if (WINDOW_SIZE + BLOCK_LIMIT + INPUT_SLACK != 32 * 1024 + 1024 * 1024 + 272) ERROR("the input does not fit");
const window = memory.data(32 * 1024 + 1024 * 1024 + 272, 16);
/** Where the input is. The dictionary ends here. */
export const block: usize = window + WINDOW_SIZE;

/** Clears what is around the input, and may be read with it: else what was there before would decide between matches. */
export function clearAroundInput(start: usize, end: usize): void {
  memory.fill(window, 0, start - window);
  memory.fill(end, 0, INPUT_SLACK);
}

/** A stored block has at most so many bytes (RFC 1951, 3.2.4: its length has 16 bits). */
export const STORED_LIMIT: u32 = 65535;
/** What a stored block takes beside its bytes: three bits, at most seven to align, two lengths of 16. */
const STORED_OVERHEAD: u32 = 5;
/** What is parsed in one piece, and so every block but the last, is of at least so much input: see sequences.ts. */
const LEAST_CHUNK: u32 = 8 * 1024;

/**
 * The most output of a call. No block takes more bits than it does when stored: at most STORED_OVERHEAD bytes more than
 * its input for each STORED_LIMIT of it, or part of that. And there are at most so many blocks, and an empty one at
 * the end. `deflateBlockBound` in src/deflater.ts says the same of less input.
 */
const OUTPUT_LIMIT: u32 =
  BLOCK_LIMIT + STORED_OVERHEAD * (BLOCK_LIMIT / LEAST_CHUNK + BLOCK_LIMIT / STORED_LIMIT + 2);

/** Bits are stored eight bytes at a time, of which up to seven are rewritten by what follows. */
const OUTPUT_SLACK: u32 = 8;

// The compiler takes no names for the sizes of what it lays out, so it compares them here.
if (OUTPUT_LIMIT + OUTPUT_SLACK > 1024 * 1024 + 1024) ERROR("the output may not fit");
export const output: usize = memory.data(1024 * 1024 + 1024, 16);
