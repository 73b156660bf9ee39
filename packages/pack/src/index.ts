/**
 * Layers of folders: trees, and the differences between two trees, as tar.
 * @module
 */
export { compareTrees } from "./compare.ts";
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
