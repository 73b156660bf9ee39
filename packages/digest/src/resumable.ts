import { DrayageError } from "@drayage/errors";
import { type Core, createCore, type Snapshot, shapes } from "./cores.ts";
import type { Algorithm, Digest } from "./digest.ts";
import type { Hasher } from "./hasher.ts";
import { bytesToHex, hexToBytes } from "./hex.ts";

/**
 * A hash that was stopped, as data that survives JSON. It says nothing secret, but whoever can change
 * it can change the digest: keep it where the bytes are kept.
 */
export interface HashState {
  readonly version: 1;
  readonly algorithm: Algorithm;
  /** How many bytes were taken. */
  readonly length: number;
  /** The chaining state in hex: 64 digits for sha256, 128 for the others. */
  readonly chain: string;
  /** The bytes since the last whole block, in hex. */
  readonly pending: string;
}

/** A {@link Hasher} that can be stopped in one process and gone on with in another. */
export interface ResumableHasher extends Hasher {
  /** Where the hash stands. The hasher itself may go on. */
  save(): HashState;
  copy(): ResumableHasher;
}

/**
 * A hasher that runs everywhere and whose state can be saved: in WebAssembly (\@drayage/kernels) for sha256, and in
 * JavaScript (\@noble/hashes) for the others and where there is no WebAssembly. All of them save the same state.
 * With `state` it goes on from where {@link ResumableHasher.save} was called.
 *
 * @throws ERR_DRAYAGE_DIGEST_INVALID where `state` was not saved from a hash of `algorithm`.
 */
export function createResumableHasher(algorithm: Algorithm = "sha256", state?: HashState): ResumableHasher {
  const core = createCore(algorithm);
  if (state !== undefined) core.restore(readState(state, algorithm));
  return resumableHasher(algorithm, core);
}

function resumableHasher(algorithm: Algorithm, core: Core): ResumableHasher {
  let ended = false;
  const open = () => {
    if (ended) throw new DrayageError("ERR_DRAYAGE_USAGE", "this hash has been ended by digest()");
    return core;
  };
  return {
    algorithm,
    update: (bytes) => void open().update(bytes),
    digest: () => {
      const hex = bytesToHex(open().digest());
      ended = true;
      return `${algorithm}:${hex}` as Digest;
    },
    save: () => writeState(algorithm, open().snapshot()),
    copy: () => {
      const twin = createCore(algorithm);
      twin.restore(open().snapshot());
      return resumableHasher(algorithm, twin);
    },
  };
}

function writeState(algorithm: Algorithm, { length, chain, pending }: Snapshot): HashState {
  const words = chain.map((word) => (word >>> 0).toString(16).padStart(8, "0"));
  return { version: 1, algorithm, length, chain: words.join(""), pending: bytesToHex(pending) };
}

/** A saved state comes from a file, so nothing about it is taken for granted. */
function readState(state: unknown, algorithm: Algorithm): Snapshot {
  if (typeof state !== "object" || state === null) throw stateError("it is not an object");
  const { version, algorithm: saved, length, chain, pending } = state as Partial<Record<string, unknown>>;
  if (version !== 1)
    throw stateError(`its version is ${JSON.stringify(version)}, and 1 is what is read here`);
  if (saved !== algorithm) throw stateError(`it is of ${JSON.stringify(saved)}, not of ${algorithm}`);
  const { block, words } = shapes[algorithm];
  if (!Number.isSafeInteger(length) || (length as number) < 0) throw stateError("its length is not a count");
  if (!isHex(chain, words * 8)) throw stateError(`its chain is not ${words * 8} hex digits`);
  const rest = (length as number) % block;
  if (!isHex(pending, rest * 2)) throw stateError(`its pending bytes are not ${rest * 2} hex digits`);
  const values = Array.from({ length: words }, (_, i) => Number.parseInt(chain.slice(8 * i, 8 * i + 8), 16));
  return { length: length as number, chain: values, pending: hexToBytes(pending) };
}

function isHex(value: unknown, length: number): value is string {
  return typeof value === "string" && value.length === length && /^[0-9a-f]*$/.test(value);
}

function stateError(reason: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_DIGEST_INVALID",
    `the saved state of a hash cannot be used: ${reason}`,
    {
      hint: "hash the bytes again from their start",
    },
  );
}
