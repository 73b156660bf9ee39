/**
 * OCI and docker manifests, indexes and configs: parse, choose, convert, write.
 * @module
 */
export { checkConfigAgainstLayers } from "./check-config.ts";
export {
  type ChooseOptions,
  chooseInstance,
  isArtifactEntry,
  matchingInstances,
  needsZstd,
  zstdAnnotation,
} from "./choose.ts";
export type {
  ContainerConfig,
  Healthcheck,
  HistoryEntry,
  ImageConfig,
  NameSet,
  RootFs,
} from "./config.ts";
export { type ConvertedManifest, type ConvertManifestOptions, convertManifest } from "./convert.ts";
export { type ConvertIndexOptions, convertIndex, sortZstdLast, updateIndex } from "./convert-index.ts";
export { manifestDigest } from "./digest.ts";
export { configFromDockerV1 } from "./docker-v1-config.ts";
export { emptyLayer, emptyLayerDigest } from "./empty-layer.ts";
export { encodeGoOciConfig } from "./encode-config.ts";
export {
  type Compat,
  encodeDockerList,
  encodeDockerManifest,
  encodeOciIndex,
  encodeOciManifest,
  type IndexParts,
  type ManifestParts,
} from "./encode-manifest.ts";
export { guessMediaType } from "./guess.ts";
export { buildersPlatform } from "./image-configs/builders-platform.ts";
export { encodeDockerConfig, encodeOciConfig } from "./image-configs/encode.ts";
export {
  emptyImageConfigs,
  type ImageConfigDefaults,
  type ImageConfigs,
  type ImageConfigsInput,
  imageConfigs,
} from "./image-configs/image-configs.ts";
export { type ImageInspection, type InspectedLayer, inspectImage, platformOfConfig } from "./inspect.ts";
export { encodeGoJson, RawJson } from "./json/encode.ts";
export { type JsonArray, type JsonMember, type JsonNode, type JsonObject, plainValue } from "./json/node.ts";
export { type ParseJsonOptions, parseJson } from "./json/parse.ts";
export type { LayerEdit } from "./layer-edit.ts";
export { type LayerCompression, type LayerType, layerTypeOf } from "./layer-type.ts";
export { configLimit, indexDepthLimit, manifestLimit } from "./limits.ts";
export { indexParts, manifestParts } from "./manifest-parts.ts";
export {
  type ImageMediaType,
  type IndexMediaType,
  isDockerV1MediaType,
  isImageMediaType,
  isIndexMediaType,
  mediaTypes,
} from "./media-types.ts";
export { parseImageIndex, parseImageManifest, parseManifest } from "./parse.ts";
export { parseConfig } from "./parse-config.ts";
export {
  acceptablePlatforms,
  formatPlatform,
  hostPlatform,
  type PlatformWish,
  parsePlatform,
  samePlatform,
} from "./platform.ts";
export { goTime, normalizeTime, zeroTime } from "./time.ts";
export type {
  Annotations,
  Descriptor,
  DockerV1Details,
  DockerV1History,
  ExtraFields,
  ImageIndex,
  ImageManifest,
  LayerDescriptor,
  Platform,
} from "./types.ts";
export { type UpdateLayersOptions, updateLayers } from "./update-layers.ts";
