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
  type LayerFile,
  type LayerFiles,
  type Leftover,
  type MountLayerOptions,
  type StagedLayer,
  type StageOptions,
  type StorageDriver,
  storageDriverApiVersion,
  storageDriverBrand,
  type UnpackedLayer,
  type UnpackStagedOptions,
} from "./driver.ts";
