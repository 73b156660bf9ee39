/**
 * Detect, inflate and deflate the compressions of container layers.
 * @module
 */
export { type Algorithm, algorithms, type DeflateAlgorithm } from "./algorithm.ts";
export { type DeflateOptions, deflate } from "./deflate.ts";
export { detectCompression, magicLength } from "./detect.ts";
export type { ByteSource, SyncInflater } from "./engine.ts";
export { type EngineRow, engines } from "./engines.ts";
export { createSyncInflater, type InflateOptions, inflate } from "./inflate.ts";
export { levels } from "./levels.ts";
