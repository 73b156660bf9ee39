import type { LayerRecord, StoreView } from "@drayage/storage";
import type { TreeNode } from "../output/tree-lines.ts";

/** Layers with those that stand on them, of which each has a text. */
export interface LayerTreeOptions {
  readonly view: StoreView;
  readonly textOf: (layer: LayerRecord) => string;
}

/**
 * Layers that stand on the same one, and all that stands on them, as podman draws them: what stands alone on a layer is drawn beside
 * it, so that the layers of an image are one column; several are drawn below each other with a branch for each.
 */
export function layerTree(siblings: readonly LayerRecord[], options: LayerTreeOptions): readonly TreeNode[] {
  const [only] = siblings;
  if (only === undefined) return [];
  if (siblings.length > 1) return siblings.map((layer) => branch(layer, options));
  return [{ text: options.textOf(only), children: [] }, ...above(only, options)];
}

/** A layer whose branch has all that stands on it. */
export function branch(layer: LayerRecord, options: LayerTreeOptions): TreeNode {
  return { text: options.textOf(layer), children: above(layer, options) };
}

function above({ id }: LayerRecord, options: LayerTreeOptions): readonly TreeNode[] {
  return layerTree(options.view.children(id), options);
}

/** The layers that stand on no other. */
export function baseLayers({ layers }: StoreView): readonly LayerRecord[] {
  const ids = new Set(layers.map(({ id }) => id));
  return layers.filter(({ parent }) => parent === undefined || !ids.has(parent));
}
