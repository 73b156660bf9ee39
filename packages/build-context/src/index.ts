/**
 * What goes into a layer: sources by ADD's and COPY's rules.
 * @module
 */
export { addToRootfs } from "./add-to-rootfs.ts";
export { type PackFilesOptions, packFiles } from "./files/pack-files.ts";
export type { SourceFile, SourceFiles } from "./files/source-files.ts";
export { folderRoot } from "./folder-root.ts";
export { type LayerKey, type LayerKeyBuilder, layerKey, treeKey } from "./layer-cache/key.ts";
export {
  type LayerCache,
  type LayerCacheOptions,
  layerCache,
  noLayerCache,
} from "./layer-cache/layer-cache.ts";
export type { LayerBlobFacts, LayerFacts } from "./layer-cache/layer-facts.ts";
export type {
  AddedFacts,
  AddToRootfsOptions,
  IdMapping,
  LayerTarOptions,
  ListingOptions,
  PackedSources,
  PackSourcesOptions,
  SourceLimits,
  SourceListing,
  SourceOptions,
} from "./options.ts";
export { type OwnerId, resolveOwner } from "./owner.ts";
export { packSources } from "./pack-sources.ts";
export { emptyRoot, type RootEntry, type RootView } from "./root-view.ts";
export { tarEvents } from "./sources/archive.ts";
export { type TarRootOptions, tarRoot } from "./tar-root.ts";
