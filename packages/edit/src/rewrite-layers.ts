import { type Blob, streamBlob } from "@drayage/blob";
import type { NewLayer } from "@drayage/copy";
import { DrayageError } from "@drayage/errors";
import { createLayerCache, type LayerCache } from "@drayage/image-files";
import type { Descriptor, ImageConfig } from "@drayage/manifest";
import { layersOf } from "@drayage/transport";
import { type ConfigEdits, editConfig } from "./edit-config.ts";
import type { EditableImage, ImageEdit } from "./image.ts";
import { type LayerTarOptions, layerTar } from "./layer-tar.ts";
import type { MergedNode } from "./merged-tree.ts";
import {
  createLeftovers,
  type LayerTarget,
  type Leftovers,
  namedLayers,
  placeLayers,
} from "./place-layers.ts";

/** What is read of the layers of images, each once, until all is done. */
export interface Workshop {
  readonly cache: LayerCache;
  readonly leftovers: Leftovers;
}

export function openWorkshop(target: LayerTarget): Workshop {
  const leftovers = createLeftovers();
  const cache = createLayerCache({ temporaryDir: target.temporaryDir });
  leftovers.add(cache);
  return { cache, leftovers };
}

/** The layers of one image as its place gives them. */
export interface ImageLayers {
  readonly count: number;
  blob(layer: number): Promise<Blob>;
}

export async function layersOfImage(
  { source, manifest, config }: EditableImage,
  { cache }: Workshop,
  { signal }: LayerTarget,
): Promise<ImageLayers> {
  const layers = await layersOf(source, manifest, { signal });
  requireDiffIds(config, layers);
  const at = (index: number): Descriptor => {
    const layer = layers[index];
    if (layer === undefined) throw new RangeError(`there is no layer ${index}`);
    return layer;
  };
  return {
    count: layers.length,
    blob: (index) => cache.blob(source, at(index), signal),
  };
}

/**
 * Where a layer stands that is counted from 1, as users see layers.
 *
 * @throws `ERR_DRAYAGE_USAGE` where it is beyond `last`
 */
export function indexOfLayer(layer: number, last: number, count: number): number {
  if (Number.isSafeInteger(layer) && layer >= 1 && layer <= last) return layer - 1;
  throw new DrayageError("ERR_DRAYAGE_USAGE", `there is no layer ${layer}: the image has ${count}`, {
    hint: "layers are counted from 1, the base",
  });
}

/** What is not said of the layers cannot be said of those that stay. */
export function requireDiffIds({ rootfs }: ImageConfig, layers: readonly Descriptor[]): void {
  const count = rootfs?.diff_ids?.length ?? 0;
  if (count === layers.length) return;
  throw new DrayageError(
    "ERR_DRAYAGE_CONFIG_INVALID",
    `config rootfs.diff_ids: it names ${count} layers, and the manifest ${layers.length}`,
    { side: "source" },
  );
}

/** A layer that is made of others. */
export interface Remade {
  readonly root: MergedNode;
  readonly options: LayerTarOptions;
}

/** The image with its layers from `first` on replaced. */
export async function replaceLayers(
  image: EditableImage,
  replaced: {
    readonly layers: ImageLayers;
    readonly first: number;
    readonly remade: readonly Remade[];
    readonly edits: ConfigEdits;
    readonly workshop: Workshop;
  },
  target: LayerTarget,
): Promise<ImageEdit> {
  const { layers, first, remade, edits, workshop } = replaced;
  const { manifest, config } = image;
  const { leftovers } = workshop;
  const { signal, temporaryDir } = target;
  const made = remade.map(({ root, options }, index): NewLayer => {
    const read = { signal, temporaryDir, blob: (layer: number) => layers.blob(layer) };
    const what = `layer ${first + index + 1} of ${image.source.reference.text}, rewritten`;
    return { tar: streamBlob(() => layerTar(root, options, read), { what }) };
  });
  const place = { manifestType: manifest.mediaType, below: first, leftovers };
  const placed = namedLayers(await placeLayers(made, place, target), manifest.mediaType);
  const diffIds = [...(config.rootfs?.diff_ids ?? []).slice(0, first), ...placed.diffIds];
  return {
    config: editConfig(config, { ...edits, diffIds }),
    layers: [...manifest.layers.slice(0, first), ...placed.descriptors],
    blobs: placed.blobs,
  };
}
