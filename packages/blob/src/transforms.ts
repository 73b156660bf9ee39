import type { CompressionAlgorithm } from "./blob.ts";
import type { Transform } from "./stages.ts";

type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

/** The chunks after one step. Compression is loaded on first use only. */
export async function* transformed(
  chunks: AsyncIterable<Uint8Array>,
  step: Transform,
  signal: AbortSignal | undefined,
): Chunks {
  const compression = await import("@drayage/compression");
  if (step.do === "deflate") {
    yield* compression.deflate(chunks, { algorithm: step.algorithm, level: step.level, signal });
    return;
  }
  if (step.algorithm !== undefined) {
    yield* compression.inflate(chunks, step.algorithm, { signal });
    return;
  }
  const { head, all } = await headOf(chunks, compression.magicLength);
  const algorithm: CompressionAlgorithm | undefined = compression.detectCompression(head);
  yield* algorithm === undefined ? all : compression.inflate(all, algorithm, { signal });
}

/** The first bytes, and an iterable that has them still before it. */
async function headOf(
  chunks: AsyncIterable<Uint8Array>,
  length: number,
): Promise<{ head: Uint8Array; all: AsyncIterable<Uint8Array> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const taken: Uint8Array[] = [];
  let size = 0;
  while (size < length) {
    const item = await iterator.next();
    if (item.done === true) break;
    taken.push(item.value);
    size += item.value.length;
  }
  async function* all(): Chunks {
    try {
      yield* taken;
      yield* { [Symbol.asyncIterator]: () => iterator };
    } finally {
      await iterator.return?.();
    }
  }
  return { head: concat(taken), all: all() };
}

/** The chunks as one. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  const bytes = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let position = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, position);
    position += chunk.length;
  }
  return bytes;
}
