import { createReadStream } from "node:fs";
import { type Blob, createStagedFile, drain, inflated, openBlob, temporaryFolder } from "@drayage/blob";
import { DrayageError } from "@drayage/errors";
import type { SparseFile } from "@drayage/tar";
import { fileContent } from "./content.ts";

/** Where the content of a regular file is. */
export interface StoredContent<Layer> {
  readonly layer: Layer;
  /** In the layer's tar. */
  readonly dataOffset: number;
  /** Of what the tar has of it. */
  readonly dataSize: number;
  readonly sparse: SparseFile | undefined;
}

export interface ContentReaderOptions<Layer> {
  readonly signal?: AbortSignal | undefined;
  /** Where a layer is kept, inflated, whose files are not wanted in its order; `$TMPDIR`, then `/var/tmp` where absent. */
  readonly temporaryDir?: string | undefined;
  blob(layer: Layer): Promise<Blob>;
}

/** Reads the content of many files. Disposing of it deletes temporary files. */
export interface ContentReader<Layer> extends AsyncDisposable {
  /** Each of those that were announced, in their order; holes as zeros. To be read before the next is asked for. */
  read(content: StoredContent<Layer>): AsyncIterable<Uint8Array>;
}

/**
 * Reads files in an order that is known beforehand. A layer whose files are wanted in the order in which it has them is read once,
 * from its start; another from an inflated copy in a temporary file.
 */
export function contentReader<Layer>(
  wanted: readonly StoredContent<Layer>[],
  options: ContentReaderOptions<Layer>,
): ContentReader<Layer> {
  const { signal, temporaryDir } = options;
  const unordered = unorderedLayers(wanted);
  const readers = new Map<Layer, LayerReader>();

  async function readerOf(layer: Layer): Promise<LayerReader> {
    const there = readers.get(layer);
    if (there !== undefined) return there;
    const blob = await options.blob(layer);
    const made = unordered.has(layer)
      ? await anyOrder(blob, { signal, temporaryDir })
      : inOrder(blob, signal);
    readers.set(layer, made);
    return made;
  }

  return {
    async *read(content) {
      const { layer, dataOffset, dataSize, sparse } = content;
      if (sparse !== undefined) yield* fileContent(await options.blob(layer), content, signal);
      else if (dataSize > 0) yield* (await readerOf(layer)).take(dataOffset, dataSize);
    },
    async [Symbol.asyncDispose]() {
      for (const reader of readers.values()) await reader.close();
    },
  };
}

/** The layers whose files are not wanted in the order in which they have them. */
function unorderedLayers<Layer>(wanted: readonly StoredContent<Layer>[]): ReadonlySet<Layer> {
  const at = new Map<Layer, number>();
  const unordered = new Set<Layer>();
  for (const { layer, dataOffset, dataSize, sparse } of wanted) {
    if (sparse !== undefined || dataSize === 0) continue;
    if (dataOffset < (at.get(layer) ?? 0)) unordered.add(layer);
    at.set(layer, dataOffset + dataSize);
  }
  return unordered;
}

interface LayerReader {
  take(offset: number, length: number): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** Reads a layer once, from its start. */
function inOrder(blob: Blob, signal: AbortSignal | undefined): LayerReader {
  const chunks = openBlob(inflated(blob), { signal })[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  let position = 0;
  async function fill(): Promise<void> {
    if (rest.length > 0) return;
    const next = await chunks.next();
    if (next.done === true) throw new DrayageError("ERR_DRAYAGE_SIZE_MISMATCH", "a layer ends within a file");
    rest = next.value;
  }
  function cut(length: number): Uint8Array {
    const piece = rest.subarray(0, length);
    rest = rest.subarray(piece.length);
    position += piece.length;
    return piece;
  }
  return {
    async *take(offset, length) {
      while (position < offset) {
        await fill();
        cut(offset - position);
      }
      for (let left = length; left > 0; ) {
        await fill();
        const piece = cut(left);
        left -= piece.length;
        yield piece;
      }
    },
    async close() {
      await chunks.return?.();
    },
  };
}

/** Reads a layer at any place, from an inflated copy. */
async function anyOrder(
  blob: Blob,
  { signal, temporaryDir }: Pick<ContentReaderOptions<unknown>, "signal" | "temporaryDir">,
): Promise<LayerReader> {
  const file = await createStagedFile(await temporaryFolder(temporaryDir), { mode: 0o600 });
  try {
    await drain(inflated(blob), file.sink, { signal });
  } catch (error) {
    await file.discard();
    throw error;
  }
  return {
    take: (offset, length) =>
      createReadStream(file.path, { start: offset, end: offset + length - 1, signal }),
    close: () => file.discard(),
  };
}
