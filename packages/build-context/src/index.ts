/**
 * @module
 */
export { type LayerKey, type LayerKeyBuilder, layerKey, treeKey } from "./layer-cache/key.ts";
export {
  type LayerCache,
  type LayerCacheOptions,
  layerCache,
  noLayerCache,
} from "./layer-cache/layer-cache.ts";
export type { LayerBlobFacts, LayerFacts } from "./layer-cache/layer-facts.ts";
