import { checksumsWasm } from "./generated/checksums.ts";
import { kernelInstance } from "./module.ts";
import type { KernelExports } from "./webassembly.ts";

interface Global {
  readonly value: number;
}

interface ChecksumsKernel extends KernelExports {
  readonly input: Global;
  readonly inputSize: Global;
  readonly sha256State: Global;
  readonly xxh64Lanes: Global;
  makeTables(): void;
  crc32(length: number, value: number): number;
  crc64(length: number, value: bigint): bigint;
  sha256Blocks(length: number): void;
  xxh64Start(): void;
  xxh64Stripes(length: number): void;
  xxh64Finish(rest: number, total: bigint): bigint;
}

interface Instance {
  readonly kernel: ChecksumsKernel;
  readonly input: Uint8Array;
  readonly sha256State: Uint32Array;
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
    sha256State: new Uint32Array(buffer, kernel.sha256State.value, 8),
    xxh64Lanes: new Uint8Array(buffer, kernel.xxh64Lanes.value, 32),
  };
}

/**
 * CRC-32 as gzip has it (RFC 1952, 8), going on from `value`.
 *
 * @throws TypeError where `kernelsUnavailable` gives a reason.
 */
export function crc32(bytes: Uint8Array, value = 0): number {
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
 * @throws TypeError where `kernelsUnavailable` gives a reason.
 */
export function crc64(bytes: Uint8Array, value = 0n): bigint {
  const { kernel, input } = instance();
  let crc = value;
  for (let at = 0; at < bytes.length; at += input.length) {
    const piece = bytes.subarray(at, at + input.length);
    input.set(piece);
    crc = kernel.crc64(piece.length, crc);
  }
  return BigInt.asUintN(64, crc);
}

/** Where a SHA-256 computation stands. */
export interface Sha256State {
  /** How many bytes were taken. */
  readonly length: number;
  /** The eight words of the chaining state. */
  readonly chain: readonly number[];
  /** The bytes since the last whole block of 64. */
  readonly pending: Uint8Array;
}

/** SHA-256 (FIPS 180-4), piece by piece. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** The hash of all bytes so far: 32 bytes. More may follow. */
  digest(): Uint8Array;
  copy(): Sha256;
  /** Where it stands, for {@link createSha256} to go on from. */
  save(): Sha256State;
}

const blockSize = 64;

/** H⁽⁰⁾ (FIPS 180-4, 5.3.3). */
const initialState: Sha256State = {
  length: 0,
  chain: [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19],
  pending: new Uint8Array(0),
};

/**
 * A hash that has taken no bytes, or goes on from `state`. Hashes are objects of JavaScript, as many as one likes, and
 * need not be closed: they take turns in the kernel.
 *
 * @throws TypeError where `kernelsUnavailable` gives a reason.
 */
export function createSha256(state: Sha256State = initialState): Sha256 {
  const { kernel, input, sha256State } = instance();
  const chain = Uint32Array.from(state.chain);
  const blocks = wholeBlocks({ size: blockSize, input, take: takeBlocks, before: state });

  function takeBlocks(size: number): void {
    sha256State.set(chain);
    kernel.sha256Blocks(size);
    chain.set(sha256State);
  }

  function save(): Sha256State {
    return { length: blocks.length, chain: [...chain], pending: blocks.pending.slice() };
  }

  return {
    update: blocks.update,
    digest() {
      const padded = createSha256(save());
      padded.update(padding(blocks.length));
      const hash = new Uint8Array(32);
      const view = new DataView(hash.buffer);
      for (const [index, word] of padded.save().chain.entries()) view.setUint32(4 * index, word);
      return hash;
    },
    copy: () => createSha256(save()),
    save,
  };
}

/** A one bit, zeros, and how many bits there were, so that the whole is a number of blocks (FIPS 180-4, 5.1.1). */
function padding(length: number): Uint8Array {
  const untilBlock = blockSize - ((length + 9) % blockSize);
  const bytes = new Uint8Array(9 + (untilBlock % blockSize));
  bytes[0] = 0x80;
  new DataView(bytes.buffer).setBigUint64(bytes.length - 8, BigInt(length) * 8n);
  return bytes;
}

/** XXH64 with seed 0, the checksum of zstd's frames (RFC 8878, 3.1.1), piece by piece. */
export interface Xxh64 {
  update(bytes: Uint8Array): void;
  /** The hash of all bytes so far. More may follow. */
  digest(): bigint;
}

const stripeSize = 32;

/**
 * A hash that has taken no bytes. Hashes are as many as one likes, and need not be closed, as those of
 * {@link createSha256}.
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

interface WholeBlocks {
  /** How many bytes there were so far. */
  readonly length: number;
  /** The last of them, which do not fill a block yet: a view that is valid until the next update. */
  readonly pending: Uint8Array;
  update(bytes: Uint8Array): void;
}

interface WholeBlocksOptions {
  /** Of a block. */
  readonly size: number;
  readonly input: Uint8Array;
  /** Takes the whole blocks that stand at the start of the input, of so many bytes. */
  take(length: number): void;
  readonly before?: Pick<WholeBlocks, "length" | "pending"> | undefined;
}

/** Brings bytes to a kernel in whole blocks. What does not fill one waits for more. */
function wholeBlocks({ size, input, take, before }: WholeBlocksOptions): WholeBlocks {
  const waiting = new Uint8Array(size);
  waiting.set(before?.pending ?? []);
  let length = before?.length ?? 0;
  return {
    get length() {
      return length;
    },
    get pending() {
      return waiting.subarray(0, length % size);
    },
    update(bytes) {
      let at = 0;
      while (at < bytes.length) {
        const held = length % size;
        const taken = Math.min(input.length - held, bytes.length - at);
        input.set(waiting.subarray(0, held));
        input.set(bytes.subarray(at, at + taken), held);
        const rest = (held + taken) % size;
        const whole = held + taken - rest;
        if (whole > 0) take(whole);
        waiting.set(input.subarray(whole, whole + rest));
        at += taken;
        length += taken;
      }
    },
  };
}
