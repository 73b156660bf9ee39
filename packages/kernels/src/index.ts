/**
 * Inflate, deflate and checksums in WebAssembly.
 * @module
 */
export { crc32, crc64, createXxh64, type Xxh64 } from "./checksums.ts";
export {
  createDeflater,
  type DeflateBlockOptions,
  type Deflater,
  deflateBlockBound,
  deflateBlockLimit,
} from "./deflater.ts";
export { createInflater, type Inflater, type InflaterOptions } from "./inflater.ts";
export { compileKernels, kernelsUnavailable } from "./kernels.ts";
export { adoptKernels, type CompiledKernels, type KernelName } from "./module.ts";
export { createSha256, type Sha256, type Sha256State } from "./sha256.ts";
