import { DrayageError, throwIfAborted } from "@drayage/errors";
import { type Digest, digestAlgorithm } from "./digest.ts";
import { createHasher, digestBytes } from "./hasher.ts";

/** What bytes ought to be. What is absent is not checked. */
export interface Expectation {
  readonly digest?: Digest | undefined;
  /** In bytes. */
  readonly size?: number | undefined;
  /** What the bytes are, for the message: `layer 3 of dir:/tmp/x`. */
  readonly what?: string | undefined;
}

/** What bytes turned out to be. */
export interface Measure {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/** Hashes and counts bytes on their way, and compares them with what they ought to be. */
export interface Verifier {
  /** Throws ERR_DRAYAGE_SIZE_MISMATCH as soon as there are too many bytes. */
  update(chunk: Uint8Array): void;
  /**
   * Ends the bytes. Throws ERR_DRAYAGE_SIZE_MISMATCH where there are too few, then
   * ERR_DRAYAGE_DIGEST_MISMATCH. The digest is of the expected one's algorithm, or sha256.
   */
  finish(): Measure;
}

/** Throws ERR_DRAYAGE_DIGEST_MISMATCH, which names both digests, where `bytes` do not hash to `digest`. */
export function verifyBytes(bytes: Uint8Array, digest: Digest, what?: string): void {
  checkDigest(digestBytes(bytes, digestAlgorithm(digest)), { digest, what });
}

export function createVerifier(expected: Expectation = {}): Verifier {
  const { digest } = expected;
  const hasher = createHasher(digest === undefined ? "sha256" : digestAlgorithm(digest));
  let size = 0;
  return {
    update(chunk) {
      size += chunk.length;
      checkNotLonger(size, expected);
      hasher.update(chunk);
    },
    finish() {
      checkSize(size, expected);
      const actual = hasher.digest();
      checkDigest(actual, expected);
      return { digest: actual, size };
    },
  };
}

/**
 * The chunks of `source`, checked as they pass. Chunks are handed on before the end is known, so
 * nothing that is made of them counts until the iteration has ended without an error.
 *
 * @throws ERR_DRAYAGE_SIZE_MISMATCH, ERR_DRAYAGE_DIGEST_MISMATCH, ERR_DRAYAGE_ABORTED
 */
export async function* verifying(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  expected: Expectation & { readonly signal?: AbortSignal | undefined },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { digest, signal } = expected;
  const hasher = digest === undefined ? undefined : createHasher(digestAlgorithm(digest));
  let size = 0;
  throwIfAborted(signal);
  for await (const chunk of source) {
    throwIfAborted(signal);
    size += chunk.length;
    checkNotLonger(size, expected);
    hasher?.update(chunk);
    yield chunk;
  }
  checkSize(size, expected);
  if (hasher !== undefined) checkDigest(hasher.digest(), expected);
}

function checkNotLonger(size: number, expected: Expectation): void {
  if (expected.size !== undefined && size > expected.size) {
    throw sizeError(`expected ${expected.size} bytes, and there are more`, expected);
  }
}

function checkSize(size: number, expected: Expectation): void {
  if (expected.size !== undefined && size !== expected.size) {
    throw sizeError(`expected ${expected.size} bytes, and there are ${size}`, expected);
  }
}

function checkDigest(actual: Digest, { digest, what }: Expectation): void {
  if (digest === undefined || actual === digest) return;
  throw new DrayageError(
    "ERR_DRAYAGE_DIGEST_MISMATCH",
    `${what ?? "bytes"}: expected ${digest}, and they hash to ${actual}`,
    { hint: "the source is damaged or was changed: fetch or write it again" },
  );
}

function sizeError(problem: string, { digest, what }: Expectation): DrayageError {
  const name = [what ?? (digest === undefined ? "bytes" : undefined), digest].filter(
    (part) => part !== undefined,
  );
  return new DrayageError("ERR_DRAYAGE_SIZE_MISMATCH", `${name.join(" ")}: ${problem}`);
}
