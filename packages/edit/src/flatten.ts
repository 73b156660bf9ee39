import { sourceDateEpoch } from "@drayage/copy";
import { DrayageError } from "@drayage/errors";
import { formatPlatform, goTime, type HistoryEntry, type ImageConfig } from "@drayage/manifest";
import type { ImageSource } from "@drayage/transport";
import type { ConfigEdits, KeptHistory } from "./edit-config.ts";
import { type Edited, type EditOptions, editSource } from "./edit-source.ts";
import type { EditableImage, ImageEdit } from "./image.ts";
import { createMerge, findNode, type MergedNode, textOf } from "./merged-tree.ts";
import type { LayerTarget } from "./place-layers.ts";
import {
  type ImageLayers,
  indexOfLayer,
  layersOfImage,
  openWorkshop,
  replaceLayers,
  type Workshop,
} from "./rewrite-layers.ts";

export interface SquashOptions extends EditOptions, LayerTarget {
  /** The first layer of those that become one, counted from 1, the base; 1, all of them, where absent. */
  readonly fromLayer?: number | undefined;
  /** Leaves nothing of the history of the layers that become one but this one entry. */
  readonly omitHistory?: boolean | undefined;
  /** For the new entry of the history: SOURCE_DATE_EPOCH, or the time of the image, where absent. */
  readonly created?: Date | undefined;
}

/**
 * The image with its layers from one on as one layer. Whiteouts that hide what is below stay; a link to a file below becomes that file.
 *
 * The history keeps its entries: those of the layers are marked as empty, and an entry of the new layer comes after them.
 *
 * Layers are read twice, those of a registry from a temporary file the second time. Nothing is unpacked.
 *
 * @throws `ERR_DRAYAGE_USAGE` where there are not so many layers, `ERR_DRAYAGE_ARCHIVE_INVALID`, and what reading the source throws
 */
export async function squash(source: ImageSource, options: SquashOptions = {}): Promise<Edited> {
  const workshop = openWorkshop(options);
  const { leftovers } = workshop;
  try {
    return await editSource(source, (image) => squashed(image, workshop, options), {
      ...options,
      close: leftovers.close,
    });
  } catch (error) {
    await leftovers.close();
    throw error;
  }
}

/** The image with all layers as one: {@link squash} from layer 1. */
export function flatten(
  source: ImageSource,
  options: Omit<SquashOptions, "fromLayer"> = {},
): Promise<Edited> {
  return squash(source, { ...options, fromLayer: 1 });
}

async function squashed(
  image: EditableImage,
  workshop: Workshop,
  options: SquashOptions,
): Promise<ImageEdit | undefined> {
  const { fromLayer = 1, signal } = options;
  const layers = await layersOfImage(image, workshop, options);
  const first = indexOfLayer(fromLayer, Math.max(layers.count, 1), layers.count);
  // One layer is one already; of a whole image it may hold whiteouts, which hide nothing.
  if (layers.count - first < 2) {
    const which = layers.count === 0 ? "it has no layer" : `layer ${layers.count} is its last`;
    options.onWarning?.(`the image for ${formatPlatform(image.platform)} stays as it is: ${which}`);
    return undefined;
  }
  const root = await merged(layers, first, { to: layers.count, signal });
  if (first > 0) await bringUp(root, layers, { first, signal });
  const marks = first > 0;
  return replaceLayers(
    image,
    {
      layers,
      first,
      remade: [{ root, options: { marks, order: "layers" } }],
      edits: { history: historyOf(image.config, first, options) },
      workshop,
    },
    options,
  );
}

async function merged(
  layers: ImageLayers,
  from: number,
  { to, signal }: { readonly to: number; readonly signal: AbortSignal | undefined },
): Promise<MergedNode> {
  const merge = createMerge({ above: from > 0 });
  for (let index = from; index < to; index++) await merge.apply(await layers.blob(index), index, signal);
  return merge.root;
}

/** Hard links to files of lower layers become those files: not every store can link from one layer to another. */
async function bringUp(
  root: MergedNode,
  layers: ImageLayers,
  { first, signal }: { readonly first: number; readonly signal: AbortSignal | undefined },
): Promise<void> {
  let below: MergedNode | undefined;
  const visit = async (node: MergedNode): Promise<void> => {
    for (const child of node.children?.values() ?? []) {
      if (child.link === undefined) {
        await visit(child);
        continue;
      }
      below ??= await merged(layers, 0, { to: first, signal });
      const { to, attributes } = child.link;
      const target = findNode(below, to, false);
      if (target?.file === undefined || target.children !== undefined) {
        throw new DrayageError(
          "ERR_DRAYAGE_ARCHIVE_INVALID",
          `a link leads to ${textOf(to)}, which is no file of the image`,
        );
      }
      const { mode, uid, gid, mtime } = attributes;
      target.file.attributes = { ...target.file.attributes, mode, uid, gid, mtime };
      child.file = target.file;
      child.link = undefined;
    }
  };
  await visit(root);
}

/** Entries that made the layers from `first` on say so no more, and one more tells of the layer that they became. */
function historyOf(config: ImageConfig, first: number, options: SquashOptions): ConfigEdits["history"] {
  const history = config.history ?? [];
  if (history.length === 0) return undefined;
  const entry: HistoryEntry = {
    created: options.created === undefined ? timeOf(config) : goTime(options.created),
    created_by: first === 0 ? "dray flatten" : `dray squash --from-layer ${first + 1}`,
    comment: `layers from ${first + 1} on as one`,
  };
  const entries: KeptHistory[] = [];
  let layer = 0;
  for (const [at, { empty_layer: empty }] of history.entries()) {
    const isBelow = layer < first;
    if (empty !== true) layer += 1;
    if (isBelow) entries.push({ at });
    else if (options.omitHistory !== true) entries.push({ at, empty_layer: true });
  }
  return [...entries, entry];
}

function timeOf(config: ImageConfig): string | undefined {
  const epoch = sourceDateEpoch();
  return epoch === undefined ? config.created : goTime(epoch);
}
