import { type Digest, digestAlgorithm } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { type Descriptor, isImageMediaType, isIndexMediaType, manifestDigest } from "@drayage/manifest";
import type { RawManifest } from "@drayage/transport";

/** How many bytes of manifests are read for one list before it counts as hostile. */
const maximumRead = 256 * 1024 * 1024;

/** @throws `ERR_DRAYAGE_DIGEST_MISMATCH` */
export function requireDigest({ bytes }: RawManifest, digest: Digest, what: string): void {
  const actual = manifestDigest(bytes, digestAlgorithm(digest));
  if (actual === digest) return;
  throw new DrayageError(
    "ERR_DRAYAGE_DIGEST_MISMATCH",
    `the manifest of ${what} has the digest ${actual}, not ${digest}`,
  );
}

/**
 * Compares what a list says of a manifest with the manifest.
 *
 * @throws `ERR_DRAYAGE_DIGEST_MISMATCH`, `ERR_DRAYAGE_SIZE_MISMATCH`, `ERR_DRAYAGE_MANIFEST_INVALID` for a list where an image is listed, or
 *   the other way round
 */
export function requireAsListed(document: RawManifest, listed: Descriptor, what: string): void {
  const { digest, size, mediaType } = listed;
  requireDigest(document, digest, what);
  if (document.bytes.length !== size) {
    throw new DrayageError(
      "ERR_DRAYAGE_SIZE_MISMATCH",
      `${what} says that the manifest ${digest} has ${size} bytes, and it has ${document.bytes.length}`,
    );
  }
  const isOther =
    (isIndexMediaType(mediaType) && isImageMediaType(document.mediaType)) ||
    (isImageMediaType(mediaType) && isIndexMediaType(document.mediaType));
  if (!isOther) return;
  throw new DrayageError(
    "ERR_DRAYAGE_MANIFEST_INVALID",
    `${what} says that the manifest ${digest} is ${mediaType}, and it is ${document.mediaType}`,
  );
}

/** Counts the bytes of manifests, and throws `ERR_DRAYAGE_LIMIT_EXCEEDED` once there are more than are read. */
export function countManifests(what: string): (document: RawManifest) => void {
  let total = 0;
  return ({ bytes }) => {
    total += bytes.length;
    if (total > maximumRead) throw tooLarge(what, maximumRead);
  };
}

export function tooLarge(what: string, limit: number): DrayageError {
  return new DrayageError("ERR_DRAYAGE_LIMIT_EXCEEDED", `${what}: more than ${limit} bytes`);
}
