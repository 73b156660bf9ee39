/**
 * Layers that tools disagree about, what they have to be once they are unpacked, and how to see it.
 * @module
 */

export { edgeLayers } from "./edge-layers/all.ts";
export {
  type CompareOptions,
  type EdgeConcern,
  edgeDifferences,
  type FoundFile,
  type FoundTree,
} from "./edge-layers/compare.ts";
export { type ReadEdgeFolderOptions, readEdgeFolder } from "./edge-layers/read-folder.ts";
export {
  type EdgeFile,
  type EdgeLayer,
  type EdgeRefusal,
  type EdgeTree,
  isRefusal,
} from "./edge-layers/types.ts";
