/**
 * Layers of container images as files in a folder.
 * @module
 */
export type {
  IdMapping,
  ImpliedFolders,
  Ownership,
  UnpackLimits,
  UnpackOptions,
  UnpackSettings,
  Whiteouts,
} from "./options.ts";
export { unpackImage } from "./unpack-image.ts";
export { unpackLayer } from "./unpack-layer.ts";
export type { Attributes, OpenLink, OpenQuestions, Unpacked, UnpackReport } from "./unpacked.ts";
