import { type Digest, digestAlgorithm } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { guessMediaType, isImageMediaType, isIndexMediaType, manifestDigest } from "@drayage/manifest";
import type { ImageSource, OperationOptions, RawManifest } from "@drayage/transport";
import { onSide } from "./side.ts";

/** A manifest or index as the source has it, and the digest that names it. */
export interface SourceDocument extends RawManifest {
  readonly digest: Digest;
}

/**
 * Reads the source's manifest or index, or a member of an index, and verifies it. A media type that is no
 * manifest's (registries have said `text/plain`) gives way to what the bytes look like.
 */
export async function readDocument(
  source: ImageSource,
  instance: Digest | undefined,
  options: OperationOptions,
): Promise<SourceDocument> {
  return onSide("source", "read the manifest", async () => {
    const { bytes, mediaType: said } = await source.manifest(instance, options);
    const mediaType = isImageMediaType(said) || isIndexMediaType(said) ? said : guessMediaType(bytes);
    if (instance === undefined) return { bytes, mediaType, digest: manifestDigest(bytes) };
    const digest = manifestDigest(bytes, digestAlgorithm(instance));
    if (digest !== instance) {
      throw new DrayageError(
        "ERR_DRAYAGE_DIGEST_MISMATCH",
        `the manifest ${instance} has the digest ${digest}`,
      );
    }
    return { bytes, mediaType, digest };
  });
}
