/**
 * Layers of folders: trees, and the differences between two trees, as tar.
 * @module
 */

export { createBreather } from "./breathe.ts";
export { type ByteString, byteStringOf, bytesOf, textOf } from "./byte-string.ts";
export { type ChunkBuilder, chunkBuilder } from "./chunk.ts";
export { compareTrees } from "./compare.ts";
export { type Entry, type EntrySettings, entryOf, type FileFacts } from "./entry.ts";
export { type FileStats, fileType, statsKeeper } from "./file-stats.ts";
export { type Folder, type OpenFile, openRoot } from "./folder.ts";
export { type Owner, toContainer } from "./id-maps.ts";
export type {
  CompareOptions,
  IdRange,
  OverlayWhiteouts,
  OwnerMaps,
  PackDialect,
  PackOptions,
  TreeChange,
} from "./options.ts";
export {
  formatOverrideStat,
  type OverrideStat,
  overrideStatXattr,
  parseOverrideStat,
} from "./override-stat.ts";
export { machineOwnerNames, type OwnerNames, ownerNames } from "./owner-names.ts";
export { packChanges, packTree } from "./pack.ts";
export { nearestSecond, wholeSecond } from "./time.ts";
export { changesSize, treeSize } from "./tree-size.ts";
export { writeEntry } from "./write-entry.ts";
export { isLayerXattr, type ReadXattrs, xattrReader } from "./xattrs.ts";
