import type { SyncInflater } from "@drayage/compression";
import type { Deflater, Inflater, Sha256 } from "@drayage/kernels";
import type { Random } from "./random.ts";

/** What is tried: the kernels, or something that stands in for them to try the fuzzer. */
export interface Kernels {
  createInflater(): Inflater;
  createGzipInflater(): SyncInflater;
  createDeflater(): Deflater;
  crc32(bytes: Uint8Array, value?: number): number;
  crc64(bytes: Uint8Array, value?: bigint): bigint;
  createSha256(): Sha256;
}

/** One input, and the question whether a kernel treats it rightly. */
export interface Trial {
  /** What the input is, for the report. */
  readonly what: string;
  readonly data: Uint8Array;
  /** Whatever else the trial depends on is fixed, so that `data` can be made smaller. Throws a Failure. */
  check(data: Uint8Array): void;
}

export interface Target {
  readonly name: string;
  trial(random: Random): Trial;
}
