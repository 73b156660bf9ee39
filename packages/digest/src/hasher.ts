import type { Hash } from "node:crypto";
import { DrayageError } from "@drayage/errors";
import type { Algorithm, Digest } from "./digest.ts";
import { createResumableHasher } from "./resumable.ts";

/** A hash that is being computed. */
export interface Hasher {
  readonly algorithm: Algorithm;
  /** Takes the next bytes. They are not kept. */
  update(bytes: Uint8Array): void;
  /** The digest of all bytes so far. It ends the hash: no `update` or `copy` may follow. */
  digest(): Digest;
  /** A hasher that goes on from here on its own. */
  copy(): Hasher;
}

/** A hasher that has taken no bytes: node:crypto's where the runtime has it, else a resumable one. */
export function createHasher(algorithm: Algorithm = "sha256"): Hasher {
  return createNodeHasher(algorithm) ?? createResumableHasher(algorithm);
}

/** The digest of `bytes`. */
export function digestBytes(bytes: Uint8Array, algorithm: Algorithm = "sha256"): Digest {
  const hasher = createHasher(algorithm);
  hasher.update(bytes);
  return hasher.digest();
}

/** A hasher of node:crypto, or undefined where there is none. */
export function createNodeHasher(algorithm: Algorithm): Hasher | undefined {
  const crypto = globalThis.process?.getBuiltinModule?.("node:crypto");
  return crypto === undefined ? undefined : nodeHasher(algorithm, crypto.createHash(algorithm));
}

function nodeHasher(algorithm: Algorithm, hash: Hash): Hasher {
  let ended = false;
  const open = () => {
    if (ended) throw endedError();
    return hash;
  };
  return {
    algorithm,
    update: (bytes) => void open().update(bytes),
    digest: () => {
      const hex = open().digest("hex");
      ended = true;
      return `${algorithm}:${hex}` as Digest;
    },
    copy: () => nodeHasher(algorithm, open().copy()),
  };
}

function endedError(): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", "this hash has been ended by digest()");
}
