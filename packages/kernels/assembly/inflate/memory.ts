/*
 * The kernel's memory: a place for input, and a window that output is written to and matches are copied from.
 * It never grows, so that views of it stay valid.
 */

/** How much input fits in at a time. What fits into the processor's cache beside the window is fast. */
export const INPUT_SIZE: u32 = 64 * 1024;
/** How far back a distance may reach (RFC 1951, 2). */
export const HISTORY_SIZE: u32 = 32 * 1024;
/** The most bytes of output between two slides. */
export const CHUNK_SIZE: u32 = 256 * 1024;

/** The longest match (RFC 1951, 3.2.5). */
const LONGEST_MATCH: u32 = 258;
/** How far a match is copied beyond its end: see match.ts. */
const MATCH_OVERHANG: u32 = 15;
/**
 * The most that is written beyond a chunk's limit. A turn of the fast loop that begins a byte before it is up to two
 * literals and a match (or three literals): so a chunk never has more than CHUNK_SIZE bytes, nor is more written.
 */
export const CHUNK_RESERVE: u32 = 2 + LONGEST_MATCH + MATCH_OVERHANG - 1;

export const input: usize = memory.data(64 * 1024, 16);

/** History, then output: both move back by a slide. */
export const historyStart: usize = memory.data(32 * 1024 + 256 * 1024, 16);
export const windowEnd: usize = historyStart + HISTORY_SIZE + CHUNK_SIZE;
