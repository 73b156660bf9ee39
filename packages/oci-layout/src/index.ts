/**
 * What an OCI image layout is, without its files.
 * @module
 */
export { checkLayoutManifest, layoutManifestTypes } from "./accepted-manifests.ts";
export { colonHint } from "./colon-hint.ts";
export { addImage, removeImages, replaceImage } from "./edit.ts";
export { isObject, type JsonObject } from "./json.ts";
export {
  emptyLayoutIndex,
  encodeLayoutIndex,
  entryDescriptor,
  type LayoutEntry,
  type LayoutIndex,
  parseLayoutIndex,
} from "./layout-index.ts";
export { blobName, blobOfName, blobsFolder, indexFile, layoutFile, refNameAnnotation } from "./names.ts";
export { consistOf, mayNeed, type Reach } from "./reach.ts";
export {
  formatLayoutPlace,
  isLayoutName,
  type LayoutPlace,
  parseLayoutPlace,
  refusePosition,
} from "./reference.ts";
export {
  findImage,
  flatIndexBytes,
  layoutNames,
  type Selection,
  selectedEntries,
  selectImage,
} from "./select.ts";
export { type LayoutFiles, openLayoutSource, readLayoutIndex, resolveLayoutImage } from "./source.ts";
export { checkLayoutFile, isPlainLayoutFile, layoutFileBytes, layoutVersion } from "./version.ts";
