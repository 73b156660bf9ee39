import { type Digest, digestAlgorithm, digestHex } from "@drayage/digest";

/** The manifest or index of the image itself. */
export const manifestFile = "manifest.json";
/** Says that a folder is one of images, and in which version of the format. */
export const versionFile = "version";

/** A blob's name: the hex digits of a sha256, and `sha512-<hex>` for others. */
export function blobName(digest: Digest): string {
  const algorithm = digestAlgorithm(digest);
  return algorithm === "sha256" ? digestHex(digest) : `${algorithm}-${digestHex(digest)}`;
}

/** The name of a member's manifest, or of the image's own. */
export function manifestName(instance: Digest | undefined): string {
  return instance === undefined ? manifestFile : `${blobName(instance)}.manifest.json`;
}

/** The name of a signature, of which the first is number 1. */
export function signatureName(number: number, instance: Digest | undefined): string {
  return instance === undefined ? `signature-${number}` : `${blobName(instance)}.signature-${number}`;
}

/** Names that are hidden, and are drayage's while it works. */
export const privatePrefix = ".drayage";

const blob = "(?:[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}|sha384-[0-9a-f]{96}|sha512-[0-9a-f]{128})";
const imageName = new RegExp(
  `^(?:${blob}|(?:${blob}\\.)?manifest\\.json|(?:${blob}\\.)?signature-[0-9]{1,9}|dir-put-blob[0-9]{1,20}|version)$`,
);

/** Whether a file of this name belongs to an image, so that the next image takes its place. Others are left alone. */
export function isImageName(name: string): boolean {
  return imageName.test(name);
}

const blobPattern = new RegExp(`^${blob}$`);

export function isBlobName(name: string): boolean {
  return blobPattern.test(name);
}
