import { createHash, type Hash } from "node:crypto";
import { type Blob, drain, inflated } from "@drayage/blob";
import { DrayageError } from "@drayage/errors";
import type { Descriptor } from "@drayage/manifest";
import { TarDecoder, type TarEvent } from "@drayage/tar";
import { addEntry, createLayerTree, type LayerFileFacts, type LayerTree } from "./layer-tree.ts";

export interface ReadLayerOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether the content of each file is hashed, to be compared. */
  readonly digests?: boolean | undefined;
  /** The most entries that are accepted. */
  readonly maximumEntries: number;
}

/** Reads a layer once, verified, and gives what is in it. */
export async function readLayer(
  layer: Descriptor,
  blob: Blob,
  options: ReadLayerOptions,
): Promise<LayerTree> {
  const reader = createLayerReader(layer, options);
  await drain(inflated(blob), { kind: "writer", write: reader.push }, { signal: options.signal });
  return reader.finish();
}

interface LayerReader {
  push(chunk: Uint8Array): void;
  finish(): LayerTree;
}

function createLayerReader(layer: Descriptor, { digests, maximumEntries }: ReadLayerOptions): LayerReader {
  const tree = createLayerTree(layer);
  const decoder = new TarDecoder();
  let entries = 0;
  let current: LayerFileFacts | undefined;
  let hash: Hash | undefined;

  function take(event: TarEvent): void {
    if (event.type === "header") {
      entries += 1;
      if (entries > maximumEntries) throw tooMany(layer, maximumEntries);
      current = addEntry(tree, event.header, event.dataOffset);
      hash = digests && current?.type === "file" ? createHash("sha256") : undefined;
    } else if (event.type === "data") {
      hash?.update(event.bytes);
    } else if (event.type === "entry-end" && hash !== undefined && current !== undefined) {
      current.contentDigest = hash.digest("hex");
    }
  }
  function takeAll(): void {
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) take(event);
  }
  return {
    push(chunk) {
      decoder.push(chunk);
      takeAll();
    },
    finish() {
      decoder.finish();
      takeAll();
      return tree;
    },
  };
}

function tooMany(layer: Descriptor, limit: number): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `layer ${layer.digest} has more than the ${limit} entries that are accepted`,
  );
}
