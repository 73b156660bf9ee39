type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

/** The bytes in pieces, as a network gives them. */
export async function* pieces(bytes: Uint8Array, size: number): Chunks {
  for (let position = 0; position < bytes.length; position += size) {
    yield bytes.subarray(position, position + size);
  }
}

/** A stream for each of the contents that gives its first byte at once, and the rest when all were asked for theirs. */
export function meetingStreams(contents: readonly Uint8Array[]): readonly (() => Chunks)[] {
  let waiting = contents.length;
  let open: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  async function* stream(bytes: Uint8Array): Chunks {
    yield bytes.subarray(0, 1);
    waiting--;
    if (waiting === 0) open?.();
    await gate;
    yield bytes.subarray(1);
  }
  return contents.map((bytes) => () => stream(bytes));
}

/** A stream that gives the bytes and then nothing more, neither bytes nor an end. */
export function stuckAfter(bytes: Uint8Array, onStuck: () => void): () => AsyncIterable<Uint8Array> {
  return async function* () {
    yield bytes;
    onStuck();
    await new Promise<never>(() => undefined);
  };
}

/** A stream that breaks after the bytes. */
export function brokenAfter(bytes: Uint8Array, error: Error): () => AsyncIterable<Uint8Array> {
  return async function* () {
    yield bytes;
    throw error;
  };
}
