/** How many bytes are worked on in one call. It fits the processor's nearer caches beside the tables. */
export const inputSize: u32 = 65536;

/** Where the caller puts the bytes. */
export const input: usize = memory.data(65536, 16);
