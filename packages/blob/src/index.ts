/**
 * What the bytes of an image are, and how they move.
 * @module
 */
export type {
  Blob,
  BlobOrigin,
  BlobStage,
  BlobStep,
  BytesOrigin,
  CompressionAlgorithm,
  FileOrigin,
  StreamOrigin,
} from "./blob.ts";
export {
  type AddToSequenceOptions,
  type BlobSequence,
  type BlobSequenceOptions,
  createBlobSequence,
} from "./blob-sequence.ts";
export { endedBy, openByteReader } from "./byte-reader.ts";
export { type ByteWriter, openByteWriter } from "./byte-writer.ts";
export { drain } from "./drain.ts";
export { expectedSize } from "./expected-size.ts";
export { explicitPath } from "./explicit-path.ts";
export { type InflatedFile, type InflatedFileOptions, inflatedFile } from "./inflated-file.ts";
export { openBlob, type ReadBlobOptions, type ReadOptions, readBlob, readUnverified } from "./open.ts";
export {
  type BlobFacts,
  bytesBlob,
  type FileBlobOptions,
  fileBlob,
  type StreamBlobOptions,
  streamBlob,
} from "./origins.ts";
export { type Owner, type OwnerState, stateOf, thisOwner } from "./owner.ts";
export { type PeekedBlob, peekBlob } from "./peek.ts";
export { descriptorOf, type PipeOptions } from "./pipe.ts";
export { readFileLimited } from "./read-file-limited.ts";
export type {
  BlobSink,
  Consumer,
  ConsumerSink,
  CreateConsumer,
  DrainOptions,
  DrainResult,
  FileSink,
  WriterSink,
} from "./sink.ts";
export {
  type CommitFileOptions,
  createStagedFile,
  type StagedFile,
  type StagedFileOptions,
} from "./staged-file.ts";
export { removeLeftovers } from "./staged-leftovers.ts";
export { type DeflatedOptions, deflated, type InflatedOptions, inflated } from "./steps.ts";
export { syncDirectory } from "./sync-directory.ts";
export { temporaryFolder } from "./temporary-folder.ts";
export { withoutName } from "./without-name.ts";
export { holdWorkers } from "./workers/pool.ts";
export { type WriteFileAtomicOptions, writeFileAtomic } from "./write-file-atomic.ts";
