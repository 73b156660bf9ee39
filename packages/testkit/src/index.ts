/**
 * A conformance suite for transports, an in-memory transport, sample images, and a proxy that breaks connections.
 * @module
 */
export { type ConformanceCase, conformanceCases } from "./conformance/cases.ts";
export { transportConformance } from "./conformance/suite.ts";
export type {
  ConformanceOptions,
  TestApi,
  TransportFixture,
  TransportTraits,
} from "./conformance/types.ts";
export { type DriverCase, driverCases } from "./driver-conformance/cases.ts";
export { driverConformance } from "./driver-conformance/suite.ts";
export type {
  DriverConformanceOptions,
  DriverFixture,
  DriverTraits,
} from "./driver-conformance/types.ts";
export {
  type BlobBytes,
  countBlobBytes,
  createFaultProxy,
  type Ending,
  type FaultAnswer,
  type FaultCut,
  type FaultMatch,
  type FaultProxy,
  type FaultProxyOptions,
  type FaultProxyTls,
  type FaultRule,
  type Faults,
  type ProxiedRequest,
} from "./fault-proxy/index.ts";
export { type HostileManifest, hostileManifests, hostileReferences } from "./hostile.ts";
export {
  type ImageOptions,
  type IndexOptions,
  randomImage,
  randomIndex,
  type SampleBlob,
  type SampleFormat,
  type SampleImage,
  type SampleIndex,
  type SampleManifest,
} from "./image.ts";
export { type LayerCompression, type LayerOptions, randomLayer, type SampleLayer } from "./layer.ts";
export type { MemoryPlace } from "./memory-place.ts";
export {
  type MemoryReference,
  type MemoryTransport,
  type MemoryTransportOptions,
  memoryTransport,
} from "./memory-transport.ts";
export { createRandom, type Random } from "./random.ts";
export {
  type ReadBlob,
  type ReadImage,
  type ReadImageOptions,
  type ReadIndex,
  readImage,
} from "./read-image.ts";
export { snapshotTree } from "./snapshot-tree.ts";
export { sampleBlob, type WriteImageOptions, writeImage } from "./write-image.ts";
