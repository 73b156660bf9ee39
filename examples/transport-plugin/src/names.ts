import { type Digest, digestAlgorithm, digestHex } from "@drayage/digest";

/** The entry of a config or layer. */
export function blobName(digest: Digest): string {
  return digestAlgorithm(digest) === "sha256"
    ? digestHex(digest)
    : `${digestAlgorithm(digest)}-${digestHex(digest)}`;
}

/** The entry of the manifest or index, or of one image of the index. */
export function manifestName(instance?: Digest): string {
  return instance === undefined ? "manifest.json" : `${blobName(instance)}.manifest.json`;
}
