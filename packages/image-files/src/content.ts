import { type Blob, inflated, openBlob } from "@drayage/blob";
import { DrayageError } from "@drayage/errors";
import type { SparseFragment } from "@drayage/tar";
import type { LayerFileFacts } from "./layer-tree.ts";

/**
 * The bytes of one file of a layer: those of an entry at a known place in the layer's tar, holes as zeros. What follows it in
 * the layer is not read again.
 */
export async function* fileContent(
  layer: Blob,
  facts: Pick<LayerFileFacts, "dataOffset" | "dataSize" | "sparse">,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { dataOffset, dataSize, sparse } = facts;
  const bytes = range(openBlob(inflated(layer), { signal }), dataOffset, dataSize);
  if (sparse === undefined) yield* bytes;
  else yield* withHoles(bytes, sparse.fragments, sparse.realSize);
}

async function* range(
  source: AsyncIterable<Uint8Array>,
  start: number,
  length: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let skip = start;
  let left = length;
  if (left === 0) return;
  for await (const chunk of source) {
    const piece = chunk.subarray(skip, skip + left);
    skip = Math.max(0, skip - chunk.length);
    left -= piece.length;
    if (piece.length > 0) yield piece;
    if (left === 0) return;
  }
}

async function* withHoles(
  source: AsyncGenerator<Uint8Array, void, undefined>,
  known: readonly SparseFragment[] | undefined,
  realSize: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const data = createTaker(source);
  let position = 0;
  for (const { offset, length } of known ?? (await readMap(data))) {
    if (offset < position || offset + length > realSize) throw badMap();
    yield* zeros(offset - position);
    yield* data.take(length);
    position = offset + length;
  }
  yield* zeros(realSize - position);
}

interface Taker {
  /** The next `length` bytes. */
  take(length: number): AsyncGenerator<Uint8Array, void, undefined>;
}

function createTaker(source: AsyncGenerator<Uint8Array, void, undefined>): Taker {
  let rest: Uint8Array = new Uint8Array();
  return {
    async *take(length) {
      for (let left = length; left > 0; ) {
        if (rest.length === 0) {
          const next = await source.next();
          if (next.done) throw badMap();
          rest = next.value;
        }
        const piece = rest.subarray(0, left);
        rest = rest.subarray(piece.length);
        left -= piece.length;
        yield piece;
      }
    },
  };
}

const mapBlock = 512;
const mapLimit = 1024 * 1024;

/** The map of version 1.0, which stands before the data: numbers a line each, padded to whole blocks (GNU tar manual, "PAX 1"). */
async function readMap(data: Taker): Promise<readonly SparseFragment[]> {
  let text = "";
  let wanted = 1;
  for (;;) {
    for await (const piece of data.take(mapBlock)) text += Buffer.from(piece).toString("latin1");
    const lines = text.split("\n").slice(0, -1);
    if (lines.length > 0) wanted = 1 + 2 * decimal(lines[0]);
    if (lines.length >= wanted) {
      const numbers = lines.slice(1, wanted).map(decimal);
      return Array.from({ length: (wanted - 1) / 2 }, (_, at) => ({
        offset: numbers[2 * at] ?? 0,
        length: numbers[2 * at + 1] ?? 0,
      }));
    }
    if (text.length > mapLimit) throw badMap();
  }
}

function decimal(text: string | undefined): number {
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw badMap();
  return Number(text);
}

function badMap(): DrayageError {
  return new DrayageError("ERR_DRAYAGE_ARCHIVE_INVALID", "the map of a sparse file does not fit its data");
}

function* zeros(length: number): Generator<Uint8Array, void, undefined> {
  const piece = new Uint8Array(Math.min(length, 64 * 1024));
  for (let left = length; left > 0; left -= piece.length) yield piece.subarray(0, left);
}
