/**
 * A tar codec on bytes that keeps what container layers need.
 * @module
 */
export { TarDecoder } from "./decoder.ts";
export { encodeTarHeader, tarEnd, tarPadding } from "./encode.ts";
export type { TarEntryInput } from "./entry-input.ts";
export { cleanEntryName, cleanRawEntryName } from "./entry-name.ts";
export type {
  TarDataEvent,
  TarEndEvent,
  TarEntryEndEvent,
  TarEvent,
  TarGlobalEvent,
  TarHeaderEvent,
  TarTrailingEvent,
} from "./events.ts";
export type { TarEntryType, TarFormat, TarHeader } from "./header.ts";
export type { TarLimits } from "./limits.ts";
export { type ReadTarOptions, readTar, type TarReadEntry } from "./read.ts";
export { type RandomAccess, scanTar, type TarLocation } from "./scan.ts";
export type { SparseFile, SparseFragment } from "./sparse.ts";
export type { TarTime } from "./time.ts";
export {
  opaqueWhiteout,
  opaqueWhiteoutName,
  parseWhiteout,
  type Whiteout,
  whiteoutName,
  whiteoutPrefix,
} from "./whiteout.ts";
export { type TarBody, type TarWriteEntry, writeTar } from "./write.ts";
