import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Blob, bytesBlob, fileBlob } from "@drayage/blob";
import { layerMediaType, type PlacedLayer } from "@drayage/copy";
import type { Digest } from "@drayage/digest";
import type { LayerRecord, Store } from "@drayage/storage";
import { derivedSource, type ImageReference, type ImageSource } from "@drayage/transport";
import type { LinkedLayer } from "../builder.ts";
import { type AssembledImage, assembleImage, type ImageLayer } from "./assemble.ts";
import type { CommitFacts } from "./commit-facts.ts";
import type { ContainerLayer, LayerToMake } from "./container-layers.ts";
import { retimedTar } from "./retime-tar.ts";

/** Layers that were given with the options: ready to be put. */
export interface LinkedLayers {
  readonly before: readonly LinkedLayer[];
  readonly after: readonly LinkedLayer[];
}

/** All layers that have to be made, in their order: of the container, and those that were given. */
export function layersToMake(
  layers: readonly ContainerLayer[],
  { before, after }: LinkedLayers,
  facts: CommitFacts,
): readonly ContainerLayer[] {
  const linked = ({ blob }: LinkedLayer): ContainerLayer => ({
    kind: "new",
    layer: { tar: retimedTar(blob, facts.times), key: async () => undefined },
  });
  // Those that were prepended come upon the base, below what the container has changed.
  const own = layers.findLastIndex(({ kind }) => kind === "reused") + 1;
  return [...layers.slice(0, own), ...before.map(linked), ...layers.slice(own), ...after.map(linked)];
}

export function newLayersOf(layers: readonly ContainerLayer[]): readonly LayerToMake[] {
  return layers.flatMap((layer) => (layer.kind === "new" ? [layer.layer] : []));
}

/** An image that is made of documents, layers of a store, and layers that were just made. */
export interface ComposedImage extends AssembledImage {
  readonly source: ImageSource;
}

export interface ComposeInput {
  readonly reference: ImageReference;
  readonly facts: CommitFacts;
  readonly layers: readonly ContainerLayer[];
  /** Of the new ones among the layers, in their order. */
  readonly placed: readonly PlacedLayer[];
  readonly linked: LinkedLayers;
  readonly blobDirectory?: string | undefined;
  readonly close?: (() => Promise<void>) | undefined;
}

/** @throws what `assembleImage` throws */
export async function composeImage(store: Store, input: ComposeInput): Promise<ComposedImage> {
  const { facts, reference, linked, blobDirectory, close } = input;
  const { manifestType } = facts;
  const placed = [...input.placed];
  const blobs = new Map<Digest, Blob>();
  const described: ImageLayer[] = [];
  let addedFiles: Digest | undefined;
  for (const layer of input.layers) {
    if (layer.kind === "reused") {
      const { blob, ...facts } = reusedLayer(store, layer.record, manifestType);
      blobs.set(facts.digest, (await keptBlob(blobDirectory, facts)) ?? blob);
      described.push(facts);
      continue;
    }
    const made = placed.shift();
    if (made === undefined) throw new TypeError("a layer was not placed");
    const { digest, size, diffId, compression, blob } = made;
    blobs.set(digest, blob);
    if (layer.isAdded) addedFiles = diffId;
    described.push({ mediaType: layerMediaType(manifestType, compression), digest, size, diffId });
  }
  const image = assembleImage(facts, described, {
    before: linked.before.map(({ history }) => history),
    after: linked.after.map(({ history }) => history),
    addedFiles,
  });
  blobs.set(image.config.digest, bytesBlob(image.config.bytes, { digest: image.config.digest }));
  return { ...image, source: derivedSource({ reference, manifest: image.manifest, blobs, close }) };
}

/** A layer of the base by its tar, which is what the store gives. */
function reusedLayer(
  store: Store,
  record: LayerRecord,
  manifestType: string,
): ImageLayer & { readonly blob: Blob } {
  const { diffDigest, diffSize = -1 } = record;
  if (diffDigest === undefined) throw new TypeError(`the layer ${record.id} has no digest`);
  return {
    mediaType: layerMediaType(manifestType, "none"),
    digest: diffDigest,
    size: diffSize,
    diffId: diffDigest,
    blob: store.diffBlob(record),
  };
}

/** A layer's blob in a folder of blobs. */
async function keptBlob(
  folder: string | undefined,
  { digest, size }: Pick<ImageLayer, "digest" | "size">,
): Promise<Blob | undefined> {
  if (folder === undefined) return undefined;
  const path = join(folder, digest);
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true && found.size === size ? fileBlob(path, { digest, size }) : undefined;
}
