/**
 * Look into the files of an image without unpacking it.
 * @module
 */
export {
  type ContentReader,
  type ContentReaderOptions,
  contentReader,
  type StoredContent,
} from "./content-reader.ts";
export { diffImages, type FileChange } from "./diff.ts";
export type { FileEntry, FileType } from "./file-entry.ts";
export {
  type ImageContents,
  type ImageFiles,
  type OpenImageFilesOptions,
  openImageFiles,
  type StatOptions,
} from "./image-files.ts";
export {
  createLayerCache,
  type LayerCache,
  type LayerCacheOptions,
  type LayerSource,
} from "./layer-cache.ts";
export { linkNames } from "./layer-tree.ts";
