/**
 * The store of podman, buildah and skopeo: layers, images and containers.
 * @module
 */
export {
  type CreateLayerOptions,
  type DiffOptions,
  type DriverPlace,
  type IdMapping,
  type LayerChange,
  type LayerDiffOptions,
  type LayerFile,
  type LayerFiles,
  type LayerParents,
  type Leftover,
  type MountLayerOptions,
  type ParentsProblem,
  type RepackOptions,
  type StagedLayer,
  type StageOptions,
  type StorageDriver,
  storageDriverApiVersion,
  storageDriverBrand,
  type UnpackedLayer,
  type UnpackStagedOptions,
} from "./driver.ts";
export { type DriverOptionReader, driverOptionReader } from "./driver-options.ts";
export { layerIdOf, randomId } from "./layer-id.ts";
export { openStore } from "./open-store.ts";
export type {
  BigDataFacts,
  ContainerRecord,
  ImageRecord,
  LayerCompression,
  LayerRecord,
  MountRecord,
  RecordKind,
  RecordOf,
  StoredRecord,
} from "./records/types.ts";
export { removeTree } from "./remove-tree.ts";
export type {
  CheckOptions,
  CheckProgress,
  CheckReport,
  Finding,
  FindingCode,
  LostImage,
  PruneOptions,
  PruneReport,
  RepairOptions,
  RepairReport,
} from "./reports.ts";
export type {
  BigDataItem,
  BigDataOptions,
  DeletedImage,
  Flag,
  Hold,
  HoldOptions,
  HoldRecord,
  ImageSize,
  LayerStage,
  LayerToCommit,
  MountOptions,
  MountTarget,
  NewContainer,
  NewImage,
  NewLayer,
  OpenDiffOptions,
  OpenStoreOptions,
  StageLayerOptions,
  Store,
  StoreOptions,
  UnmountOptions,
  V1Image,
} from "./store.ts";
export {
  abandonedPlaces,
  createTemporaryPlace,
  type TemporaryPlace,
  temporaryPlaces,
} from "./temporary-place.ts";
export type { StoreView } from "./view/contract.ts";
