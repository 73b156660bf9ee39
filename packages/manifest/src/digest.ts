import { type Algorithm, type Digest, digestBytes } from "@drayage/digest";
import { guessMediaType } from "./guess.ts";
import { signedPayload } from "./jws.ts";
import { mediaTypes } from "./media-types.ts";

/**
 * The digest by which registries and tools name a manifest: that of its bytes, or, of a signed docker v2s1
 * manifest, that of the bytes without the signatures.
 *
 * @throws ERR_DRAYAGE_MANIFEST_INVALID where the signatures do not say what they cover.
 */
export function manifestDigest(bytes: Uint8Array, algorithm: Algorithm = "sha256"): Digest {
  const signed = guessMediaType(bytes) === mediaTypes.dockerV1SignedManifest;
  return digestBytes(signed ? signedPayload(bytes) : bytes, algorithm);
}
