import { sha256Wasm } from "./generated/sha256.ts";
import { kernelInstance } from "./module.ts";
import { requireBytes } from "./require-bytes.ts";
import type { Global, KernelExports } from "./webassembly.ts";
import { wholeBlocks } from "./whole-blocks.ts";

interface Sha256Kernel extends KernelExports {
  readonly input: Global;
  readonly inputSize: Global;
  readonly state: Global;
  sha256Blocks(length: number): void;
}

interface Instance {
  readonly kernel: Sha256Kernel;
  readonly input: Uint8Array;
  readonly kernelState: Uint32Array;
}

let shared: Instance | undefined;

/** The one instance, which holds nothing between two calls. */
function instance(): Instance {
  shared ??= createInstance();
  return shared;
}

function createInstance(): Instance {
  const kernel = kernelInstance<Sha256Kernel>({ name: "sha256", text: sha256Wasm });
  const { buffer } = kernel.memory;
  return {
    kernel,
    input: new Uint8Array(buffer, kernel.input.value, kernel.inputSize.value),
    kernelState: new Uint32Array(buffer, kernel.state.value, 8),
  };
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
 * @throws TypeError where `kernelsUnavailable` gives a reason; TypeError and RangeError for a state that is none.
 */
export function createSha256(state: Sha256State = initialState): Sha256 {
  requireState(state);
  const { kernel, input, kernelState } = instance();
  const chain = Uint32Array.from(state.chain);
  const blocks = wholeBlocks({ size: blockSize, input, take: takeBlocks, before: state });

  function takeBlocks(size: number): void {
    kernelState.set(chain);
    kernel.sha256Blocks(size);
    chain.set(kernelState);
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

function requireState({ length, chain, pending }: Sha256State): void {
  if (!Number.isSafeInteger(length) || length < 0) {
    throw new RangeError(`the length of a state has to be a whole number of bytes, and is ${length}`);
  }
  if (!Array.isArray(chain) || chain.length !== 8 || !chain.every(isWord)) {
    throw new TypeError("the chain of a state has to be eight whole numbers of 32 bits");
  }
  requireBytes(pending);
  if (pending.length !== length % blockSize) {
    throw new RangeError(
      `a state of ${length} bytes has ${length % blockSize} pending ones, and not ${pending.length}`,
    );
  }
}

/** With a sign too, as others keep it. */
function isWord(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= -(2 ** 31) && (value as number) < 2 ** 32;
}

/** A one bit, zeros, and how many bits there were, so that the whole is a number of blocks (FIPS 180-4, 5.1.1). */
function padding(length: number): Uint8Array {
  const untilBlock = blockSize - ((length + 9) % blockSize);
  const bytes = new Uint8Array(9 + (untilBlock % blockSize));
  bytes[0] = 0x80;
  new DataView(bytes.buffer).setBigUint64(bytes.length - 8, BigInt(length) * 8n);
  return bytes;
}
