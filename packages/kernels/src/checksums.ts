import { checksumsWasm } from "./generated/checksums.ts";
import { kernelInstance } from "./module.ts";
import { requireBytes } from "./require-bytes.ts";
import type { Global, KernelExports } from "./webassembly.ts";
import { wholeBlocks } from "./whole-blocks.ts";

interface ChecksumsKernel extends KernelExports {
  readonly input: Global;
  readonly inputSize: Global;
  readonly xxh64Lanes: Global;
  makeTables(): void;
  crc32(length: number, value: number): number;
  crc64(length: number, value: bigint): bigint;
  xxh64Start(): void;
  xxh64Stripes(length: number): void;
  xxh64Finish(rest: number, total: bigint): bigint;
}

interface Instance {
  readonly kernel: ChecksumsKernel;
  readonly input: Uint8Array;
  readonly xxh64Lanes: Uint8Array;
}

let shared: Instance | undefined;

/** The one instance, which holds nothing between two calls. */
function instance(): Instance {
  shared ??= createInstance();
  return shared;
}

function createInstance(): Instance {
  const kernel = kernelInstance<ChecksumsKernel>({ name: "checksums", text: checksumsWasm });
  kernel.makeTables();
  const { buffer } = kernel.memory;
  return {
    kernel,
    input: new Uint8Array(buffer, kernel.input.value, kernel.inputSize.value),
    xxh64Lanes: new Uint8Array(buffer, kernel.xxh64Lanes.value, 32),
  };
}

/**
 * CRC-32 as gzip has it (RFC 1952, 8), going on from `value`.
 *
 * @throws TypeError for what is no Uint8Array, and where `kernelsUnavailable` gives a reason.
 */
export function crc32(bytes: Uint8Array, value = 0): number {
  requireBytes(bytes);
  const { kernel, input } = instance();
  let crc = value;
  for (let at = 0; at < bytes.length; at += input.length) {
    const piece = bytes.subarray(at, at + input.length);
    input.set(piece);
    crc = kernel.crc32(piece.length, crc);
  }
  return crc >>> 0;
}

/**
 * CRC-64 with the polynomial of ISO 3309, as Go's hash/crc64 and tar-split have it, going on from `value`.
 *
 * @throws TypeError for what is no Uint8Array, and where `kernelsUnavailable` gives a reason.
 */
export function crc64(bytes: Uint8Array, value = 0n): bigint {
  requireBytes(bytes);
  const { kernel, input } = instance();
  let crc = value;
  for (let at = 0; at < bytes.length; at += input.length) {
    const piece = bytes.subarray(at, at + input.length);
    input.set(piece);
    crc = kernel.crc64(piece.length, crc);
  }
  return BigInt.asUintN(64, crc);
}

/** XXH64 with seed 0, the checksum of zstd's frames (RFC 8878, 3.1.1), piece by piece. */
export interface Xxh64 {
  update(bytes: Uint8Array): void;
  /** The hash of all bytes so far. More may follow. */
  digest(): bigint;
}

const stripeSize = 32;

/**
 * A hash that has taken no bytes. Hashes are as many as one likes, and need not be closed: they take
 * turns in the kernel.
 *
 * @throws TypeError where `kernelsUnavailable` gives a reason.
 */
export function createXxh64(): Xxh64 {
  const { kernel, input, xxh64Lanes } = instance();
  kernel.xxh64Start();
  const lanes = xxh64Lanes.slice();
  const stripes = wholeBlocks({ size: stripeSize, input, take: takeStripes });

  function takeStripes(size: number): void {
    xxh64Lanes.set(lanes);
    kernel.xxh64Stripes(size);
    lanes.set(xxh64Lanes);
  }

  return {
    update: stripes.update,
    digest() {
      const { length, pending } = stripes;
      xxh64Lanes.set(lanes);
      input.set(pending);
      return BigInt.asUintN(64, kernel.xxh64Finish(pending.length, BigInt(length)));
    },
  };
}
