/**
 * OCI and docker manifests, indexes and configs: parse, choose, convert, write.
 * @module
 */
export {
  type ChooseOptions,
  chooseInstance,
  matchingInstances,
  needsZstd,
  zstdAnnotation,
} from "./choose.ts";
export { manifestDigest } from "./digest.ts";
export { guessMediaType } from "./guess.ts";
export { encodeGoJson, RawJson } from "./json/encode.ts";
export { configLimit, indexDepthLimit, manifestLimit } from "./limits.ts";
export {
  type ImageMediaType,
  type IndexMediaType,
  isDockerV1MediaType,
  isImageMediaType,
  isIndexMediaType,
  mediaTypes,
} from "./media-types.ts";
export { parseImageIndex, parseImageManifest, parseManifest } from "./parse.ts";
export {
  acceptablePlatforms,
  formatPlatform,
  hostPlatform,
  type PlatformWish,
  parsePlatform,
  samePlatform,
} from "./platform.ts";
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
