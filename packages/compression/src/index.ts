/**
 * Detect, inflate and deflate the compressions of container layers.
 * @module
 */
export { type Algorithm, algorithms, type DeflateAlgorithm } from "./algorithm.ts";
export { type BlockFormat, createBlockFormat } from "./block-format.ts";
export { createBlockDeflater, type DeflateOptions, deflate } from "./deflate.ts";
export { detectCompression, magicLength } from "./detect.ts";
export type { BlockDeflater, ByteSource, DeflateBlock, SyncInflater, SyncInflaterOptions } from "./engine.ts";
export { type EngineRow, engines } from "./engines.ts";
export { readGzipSize } from "./gzip/size.ts";
export { createSyncInflater, type InflateOptions, inflate } from "./inflate.ts";
export { checkLevel, levels } from "./levels.ts";
export {
  frameHeaderLength,
  type RandomAccess,
  readFrameContentSize,
  readZstdSize,
} from "./zstd/size.ts";
