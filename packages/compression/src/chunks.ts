import { type ByteSource, chunkSize } from "./engine.ts";

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

/** The bytes of one of Node's buffers, whose `slice` does not copy, as an array whose `slice` does. */
export function plain({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

/** The bytes in chunks of the usual size. */
export function* chunksOf(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += chunkSize) yield bytes.subarray(at, at + chunkSize);
}

export interface Block {
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/**
 * The bytes of `source` in blocks of exactly `size`, but for the last. There is a last block even of no
 * bytes; and none of no bytes after others.
 */
export async function* blocksOf(source: ByteSource, size: number): AsyncGenerator<Block, void, undefined> {
  let block = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of source) {
    for (let taken = 0; taken < chunk.length; ) {
      if (filled === size) {
        yield { bytes: block, last: false };
        block = new Uint8Array(size);
        filled = 0;
      }
      const part = chunk.subarray(taken, taken + size - filled);
      block.set(part, filled);
      filled += part.length;
      taken += part.length;
    }
  }
  yield { bytes: block.subarray(0, filled), last: true };
}
