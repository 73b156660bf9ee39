/**
 * Content digests: parse, verify and hash.
 * @module
 */
export {
  type Algorithm,
  algorithms,
  type Digest,
  digestAlgorithm,
  digestHex,
  formatDigest,
  isAlgorithm,
  isDigest,
  parseDigest,
} from "./digest.ts";
export { createHasher, digestBytes, type Hasher } from "./hasher.ts";
export { createResumableHasher, type HashState, type ResumableHasher } from "./resumable.ts";
export {
  createVerifier,
  type Expectation,
  type Measure,
  type Verifier,
  verifyBytes,
  verifying,
} from "./verify.ts";
