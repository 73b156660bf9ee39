import { type LayerCache, layerCache } from "@drayage/build-context";
import { knownLayer, type PlacedLayer, sourceDateEpoch } from "@drayage/copy";
import { goTime, type HistoryEntry } from "@drayage/manifest";
import type { ImageSource } from "@drayage/transport";
import { keptHistory } from "./config-changes.ts";
import { editConfig } from "./edit-config.ts";
import { type Edited, type EditOptions, editSource } from "./edit-source.ts";
import { type EditableImage, type ImageEdit, isOci } from "./image.ts";
import { type GivenLayer, type LayerInput, type OpenedNewLayer, openLayer } from "./layer-input.ts";
import {
  createLeftovers,
  type LayerTarget,
  type Leftovers,
  namedLayers,
  placeLayers,
} from "./place-layers.ts";
import { requireDiffIds } from "./rewrite-layers.ts";

export interface AppendOptions extends EditOptions, LayerTarget {
  /** When the layers were added, for the image and its history: SOURCE_DATE_EPOCH, or the current time, where absent. */
  readonly created?: Date | undefined;
  /** Leaves the history as it is. */
  readonly omitHistory?: boolean | undefined;
  /** Where unchanged trees are known: the user's, where absent; `noLayerCache` of @drayage/build-context for none. */
  readonly layerCache?: LayerCache | undefined;
}

/**
 * The image, or images of an index, with layers put upon them. Tars that are compressed with gzip or zstd stay the blobs that they are; others
 * are read once, and compressed on the way. Nothing of the image itself is read but manifests and configs.
 *
 * @throws `ERR_DRAYAGE_ARCHIVE_INVALID` for what is no tar, or leaves the root, `ERR_DRAYAGE_COMPRESSION_INVALID`, what `packSources` of
 * @drayage/build-context throws, and what reading the source throws
 */
export async function append(
  source: ImageSource,
  inputs: readonly LayerInput[],
  options: AppendOptions = {},
): Promise<Edited> {
  const leftovers = createLeftovers();
  const appender = new Appender(inputs, leftovers, options);
  try {
    return await editSource(source, (image) => appender.append(image), {
      ...options,
      close: leftovers.close,
    });
  } catch (error) {
    await leftovers.close();
    throw error;
  }
}

class Appender {
  readonly #inputs: readonly LayerInput[];
  readonly #leftovers: Leftovers;
  readonly #options: AppendOptions;
  readonly #time: string;
  /** By whether the images are OCI's: those of docker take no zstd. */
  readonly #placed = new Map<boolean, Promise<readonly (GivenLayer | PlacedLayer)[]>>();

  constructor(inputs: readonly LayerInput[], leftovers: Leftovers, options: AppendOptions) {
    this.#inputs = inputs;
    this.#leftovers = leftovers;
    this.#options = options;
    this.#time = goTime(options.created ?? sourceDateEpoch() ?? new Date());
  }

  async append(image: EditableImage): Promise<ImageEdit> {
    const { manifest, config } = image;
    requireDiffIds(config, manifest.layers);
    const oci = isOci(image);
    let placing = this.#placed.get(oci);
    if (placing === undefined) {
      placing = this.#place(image, oci);
      this.#placed.set(oci, placing);
    }
    const placed = namedLayers(await placing, manifest.mediaType);
    const diffIds = [...(config.rootfs?.diff_ids ?? []), ...placed.diffIds];
    const history = this.#history(image);
    return {
      config: editConfig(config, { image: new Map([["created", this.#time]]), diffIds, history }),
      layers: [...manifest.layers, ...placed.descriptors],
      blobs: placed.blobs,
    };
  }

  /** The same for every image: the layers are read once. */
  async #place(
    { manifest }: EditableImage,
    takesZstd: boolean,
  ): Promise<readonly (GivenLayer | PlacedLayer)[]> {
    const leftovers = this.#leftovers;
    const own = this.#options;
    const options = { ...own, leftovers, takesZstd, layerCache: own.layerCache ?? layerCache() };
    const result: (GivenLayer | PlacedLayer)[] = [];
    for (const [index, input] of this.#inputs.entries()) {
      const opened = await openLayer(input, options);
      if ("given" in opened) {
        result.push(opened.given);
        continue;
      }
      const below = manifest.layers.length + index;
      const place = { manifestType: manifest.mediaType, below, leftovers };
      const [placed] = await placeLayers([opened.made], place, own);
      if (placed === undefined) continue;
      await remember(opened, placed);
      result.push(placed);
    }
    return result;
  }

  #history({
    config,
    manifest,
  }: EditableImage): readonly (HistoryEntry | { readonly at: number })[] | undefined {
    const { history = [] } = config;
    const made = history.filter((entry) => entry.empty_layer !== true).length;
    // An image without a history, or with a part of one, cannot have one that is right.
    if (this.#options.omitHistory === true || made !== manifest.layers.length) return undefined;
    const entries = this.#inputs.map(
      ({ createdBy = "dray append" }): HistoryEntry => ({ created: this.#time, created_by: createdBy }),
    );
    return [...keptHistory(history), ...entries];
  }
}

async function remember({ remember: tell }: OpenedNewLayer, placed: PlacedLayer): Promise<void> {
  if (placed.how !== "found") await tell?.(knownLayer(placed));
}
