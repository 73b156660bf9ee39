import { bytesBlob } from "@drayage/blob";
import { digestAlgorithm } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import { encodeGoJson, manifestDigest, mediaTypes } from "@drayage/manifest";
import type { ImageSource, RawManifest, SourceOptions } from "@drayage/transport";
import { openArchive } from "./archive.ts";
import { chooseImage, readImages } from "./images.ts";
import type { LoadedImage } from "./load.ts";
import type { ArchiveReference } from "./reference.ts";

/** An image of an archive as a source: with the manifest that the Go tools make up for it. */
export async function openArchiveSource(
  reference: ArchiveReference,
  options: SourceOptions = {},
): Promise<ImageSource> {
  const { signal } = options;
  const archive = await openArchive(reference.path, options);
  try {
    const image = await chooseImage(await readImages(archive, signal), reference).load(signal);
    return sourceOf(reference, image, async () => archive[Symbol.asyncDispose]());
  } catch (error) {
    await archive[Symbol.asyncDispose]();
    throw error;
  }
}

function sourceOf(reference: ArchiveReference, image: LoadedImage, close: () => Promise<void>): ImageSource {
  const place = `docker-archive:${reference.text}`;
  return {
    reference,
    async manifest(instance, { signal } = {}) {
      throwIfAborted(signal);
      const manifest = await makeManifest(image, signal);
      if (instance === undefined || manifestDigest(manifest.bytes, digestAlgorithm(instance)) === instance)
        return manifest;
      throw new DrayageError(
        "ERR_DRAYAGE_IMAGE_NOT_FOUND",
        `${place} has no ${instance}: it is one image, no index`,
      );
    },
    async blob({ digest, size }) {
      if (digest === image.configDigest) {
        return bytesBlob(image.config, { digest, what: `the config of ${place}` });
      }
      const layer = image.layers.get(digest);
      if (layer !== undefined) return size < 0 ? layer.blob() : { ...layer.blob(), size };
      throw new DrayageError("ERR_DRAYAGE_BLOB_NOT_FOUND", `${place} has no blob ${digest}`);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * The manifest that github.com/containers/image makes of such an image: its layers are named by their diffIDs, with
 * the media type of compressed layers, though they are not compressed.
 */
async function makeManifest(image: LoadedImage, signal: AbortSignal | undefined): Promise<RawManifest> {
  const layers: unknown[] = [];
  for (const digest of image.diffIds) {
    const size = await image.layers.get(digest)?.size(signal);
    layers.push({ mediaType: mediaTypes.dockerLayerGzip, size, digest });
  }
  const bytes = encodeGoJson({
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: { mediaType: mediaTypes.dockerConfig, size: image.config.length, digest: image.configDigest },
    layers,
  });
  return { bytes, mediaType: mediaTypes.dockerManifest };
}
