/*
 * What a run of the kernel ends with. src/inflater.ts knows these numbers, and has a sentence for every error.
 */

/** All input is used up, and the stream goes on. */
export const NEEDS_INPUT: u32 = 0;
/** The chunk of output is full. */
export const CHUNK_FULL: u32 = 1;
/** The last block has ended. */
export const ENDED: u32 = 2;

/** Not told outside: the step is done, and the next one may begin. */
export const STEP_ENDED: u32 = 3;
/** Not told outside: nothing was decided. */
export const CONTINUES: u32 = 4;

/** Block type 3 (RFC 1951, 3.2.3). */
export const INVALID_BLOCK_TYPE: u32 = 16;
/** LEN and NLEN of a stored block do not complement each other (3.2.4). */
export const INVALID_STORED_LENGTH: u32 = 17;
/** HLIT or HDIST announces symbols that there are not (3.2.7). */
export const TOO_MANY_SYMBOLS: u32 = 18;
/** The code for code lengths is over-subscribed or incomplete. */
export const INVALID_PRECODE: u32 = 19;
/** A repetition of code lengths has nothing to repeat, or goes on beyond the last code length. */
export const INVALID_REPEAT: u32 = 20;
/** The end of block has no code. */
export const MISSING_END_OF_BLOCK: u32 = 21;
/** The code for literals and lengths is over-subscribed or incomplete. */
export const INVALID_LITERAL_LENGTH_CODE: u32 = 22;
/** The code for distances is over-subscribed or incomplete. */
export const INVALID_DISTANCE_CODE: u32 = 23;
/** Bits that are no code of a literal or length, or the code of a symbol that means nothing. */
export const UNKNOWN_LITERAL_LENGTH: u32 = 24;
/** Bits that are no code of a distance, or the code of a symbol that means nothing. */
export const UNKNOWN_DISTANCE: u32 = 25;
/** A distance reaches back beyond the start of the output. */
export const DISTANCE_TOO_FAR: u32 = 26;
