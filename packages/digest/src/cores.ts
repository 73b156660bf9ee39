import { createSha256, kernelsUnavailable, type Sha256 } from "@drayage/kernels";
import { _SHA256, _SHA384, _SHA512 } from "@noble/hashes/sha2.js";
import type { Algorithm } from "./digest.ts";

/** Where a SHA-2 computation stands. */
export interface Snapshot {
  /** How many bytes were taken. */
  readonly length: number;
  /** The chaining state as 32-bit words, the high half of a 64-bit word first. */
  readonly chain: readonly number[];
  /** The bytes since the last whole block. */
  readonly pending: Uint8Array;
}

/** A hash whose state can be read and set. */
export interface Core {
  update(bytes: Uint8Array): unknown;
  /** Ends the computation. */
  digest(): Uint8Array;
  snapshot(): Snapshot;
  restore(snapshot: Snapshot): void;
}

/** How many bytes a block of each algorithm has, and how many 32-bit words its state. */
export const shapes: Readonly<Record<Algorithm, { readonly block: number; readonly words: number }>> = {
  sha256: { block: 64, words: 8 },
  sha384: { block: 128, words: 16 },
  sha512: { block: 128, words: 16 },
};

// noble keeps its state protected, so that only subclasses reach it; and no mixin may, in TypeScript's
// eyes. Hence three classes that differ in their parent alone.

class Core256 extends _SHA256 implements Core {
  snapshot(): Snapshot {
    return { length: this.length, chain: this.get(), pending: this.buffer.slice(0, this.pos) };
  }
  restore({ length, chain, pending }: Snapshot): void {
    this.set(...(chain as Parameters<_SHA256["set"]>));
    this.buffer.set(pending);
    this.pos = pending.length;
    this.length = length;
  }
}

class Core384 extends _SHA384 implements Core {
  snapshot(): Snapshot {
    return { length: this.length, chain: this.get(), pending: this.buffer.slice(0, this.pos) };
  }
  restore({ length, chain, pending }: Snapshot): void {
    this.set(...(chain as Parameters<_SHA384["set"]>));
    this.buffer.set(pending);
    this.pos = pending.length;
    this.length = length;
  }
}

class Core512 extends _SHA512 implements Core {
  snapshot(): Snapshot {
    return { length: this.length, chain: this.get(), pending: this.buffer.slice(0, this.pos) };
  }
  restore({ length, chain, pending }: Snapshot): void {
    this.set(...(chain as Parameters<_SHA512["set"]>));
    this.buffer.set(pending);
    this.pos = pending.length;
    this.length = length;
  }
}

class KernelCore implements Core {
  #hash: Sha256 = createSha256();

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }
  digest(): Uint8Array {
    return this.#hash.digest();
  }
  snapshot(): Snapshot {
    return this.#hash.save();
  }
  restore(snapshot: Snapshot): void {
    this.#hash = createSha256(snapshot);
  }
}

/** A computation that has taken no bytes: in WebAssembly, for sha256 and where the runtime has it, else noble's. */
export function createCore(algorithm: Algorithm): Core {
  return algorithm === "sha256" && kernelsUnavailable("sha256") === undefined
    ? new KernelCore()
    : createNobleCore(algorithm);
}

export function createNobleCore(algorithm: Algorithm): Core {
  switch (algorithm) {
    case "sha256":
      return new Core256();
    case "sha384":
      return new Core384();
    case "sha512":
      return new Core512();
  }
}
