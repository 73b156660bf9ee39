import type { Digest } from "@drayage/digest";

/** The piece of big data with an image's manifest, for whoever knows no digest. */
export const manifestItem = "manifest";

/** The piece with the manifest, or index, of a digest. */
export function manifestKey(digest: Digest): string {
  return `${manifestItem}-${digest}`;
}

/** The piece of a layer's big data with the compressed blob that it came as. The Go tools keep it, and never read it. */
export const keptBlob = "blob";
