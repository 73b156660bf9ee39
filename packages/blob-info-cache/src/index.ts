/**
 * Where blobs are and what their compressed twins are, remembered between runs.
 * @module
 */
export { type FileBlobInfoCacheOptions, fileBlobInfoCache } from "./file.ts";
export { memoryBlobInfoCache } from "./memory.ts";
