/**
 * Layers of folders: trees, and the differences between two trees, as tar.
 * @module
 */

export { createBreather } from "./breathe.ts";
export type { ByteString } from "./byte-string.ts";
export { compareTrees } from "./compare.ts";
export { type Folder, type OpenFile, openRoot } from "./folder.ts";
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
export { packChanges, packTree } from "./pack.ts";
export { changesSize, treeSize } from "./tree-size.ts";
