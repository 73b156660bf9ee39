import { WINDOW_SIZE } from "./alphabets";

/*
 * Where input and output are in the kernel's memory, which never grows, so that views of it stay valid.
 */

/** The most input of a call. */
export const BLOCK_LIMIT: u32 = 1024 * 1024;

/** Matches are compared eight bytes at a time, which may go beyond the input's end. */
const INPUT_SLACK: u32 = 16;

const window = memory.data(32 * 1024 + 1024 * 1024 + 16, 16);
/** Where the input is. The dictionary ends here. */
export const block: usize = window + WINDOW_SIZE;

/** A stored block has at most so many bytes (RFC 1951, 3.2.4: its length has 16 bits). */
export const STORED_LIMIT: u32 = 65535;
/** What a stored block takes beside its bytes: three bits, at most seven to align, two lengths of 16. */
const STORED_OVERHEAD: u32 = 5;
/** A block of deflate, but for the last, is of at least so much input: see sequences.ts. */
export const LEAST_BLOCK: u32 = 4096;
/** The output is written eight bytes at a time, of which up to seven are rewritten by what follows. */
const OUTPUT_SLACK: u32 = 16;

/**
 * How much room the output has, which is more than it ever needs: no block takes more than it does when stored, which
 * is at most STORED_OVERHEAD more than its input for every STORED_LIMIT bytes that it begins. A call begins at most
 * BLOCK_LIMIT / LEAST_BLOCK + 1 blocks, and ends with one more stored block, which is empty.
 */
export const OUTPUT_LIMIT: u32 =
  BLOCK_LIMIT + STORED_OVERHEAD * (BLOCK_LIMIT / LEAST_BLOCK + 1 + BLOCK_LIMIT / STORED_LIMIT + 1 + 1);

export const output: usize = memory.data(1024 * 1024 + 4096, 16);
