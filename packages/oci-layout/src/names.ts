import { type Digest, digestAlgorithm, digestHex, isDigest } from "@drayage/digest";

/** The file that says that a folder is a layout, and of which version. */
export const layoutFile = "oci-layout";
/** The file that lists a layout's images. */
export const indexFile = "index.json";
/** The folder of a layout's blobs. */
export const blobsFolder = "blobs";
/** The annotation that names an image within its layout. */
export const refNameAnnotation = "org.opencontainers.image.ref.name";

/** A blob's name in a layout: `blobs/sha256/<hex>`. A digest holds nothing that could leave the folder. */
export function blobName(digest: Digest): string {
  return `${blobsFolder}/${digestAlgorithm(digest)}/${digestHex(digest)}`;
}

/** The digest that `blobs/sha256/<hex>` stands for, or undefined where a name is not a blob's. */
export function blobOfName(name: string): Digest | undefined {
  const [folder, algorithm, hex, ...more] = name.split("/");
  const digest = `${algorithm}:${hex}`;
  return folder === blobsFolder && more.length === 0 && isDigest(digest) ? digest : undefined;
}
