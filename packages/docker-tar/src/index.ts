/**
 * Archives of `docker save` and `docker load`, without the places where they are.
 * @module
 */
export { takeOver } from "./append.ts";
export { type Archive, type ArchiveEntry, type OpenArchiveOptions, openArchive } from "./archive.ts";
export { type ArchiveContents, emptyContents, type ManifestItem, parseName } from "./contents.ts";
export type { NewImage } from "./destination.ts";
export { createFileOutput, type FileOutputOptions } from "./file-output.ts";
export { parseAdditionalTag, parseImageName } from "./image-names.ts";
export { type ArchiveImage, chooseImage, imageNames, readImages, type WantedImage } from "./images.ts";
export {
  beginOnlyImage,
  createImagesWriter,
  type ImagesWriter,
  type ImagesWriterOptions,
} from "./images-writer.ts";
export type { LoadedImage, LoadedLayer } from "./load.ts";
export type { ArchiveOutput } from "./output.ts";
export { type ImageSourceOptions, openImageSource } from "./source.ts";
export { type ArchiveStream, createStreamOutput, type StreamOutputOptions } from "./stream-output.ts";
