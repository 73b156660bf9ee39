/**
 * Layers of folders: trees, and the differences between two trees, as tar.
 * @module
 */
export type { ByteString } from "./byte-string.ts";
export { compareTrees } from "./compare.ts";
export type { Folder, OpenFile } from "./folder.ts";
export type {
  CompareOptions,
  IdRange,
  OverlayWhiteouts,
  OwnerMaps,
  PackDialect,
  PackOptions,
  TreeChange,
} from "./options.ts";
export { packChanges, packTree } from "./pack.ts";
export { treeSize } from "./tree-size.ts";
export { type Found, walkTree } from "./walk.ts";
