import { bytesBlob } from "@drayage/blob";
import { digestAlgorithm } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import { encodeGoJson, manifestDigest, mediaTypes } from "@drayage/manifest";
import type { ImageReference, ImageSource, RawManifest, SourceOptions } from "@drayage/transport";
import { openArchive } from "./archive.ts";
import { chooseImage, readImages, type WantedImage } from "./images.ts";
import type { LoadedImage } from "./load.ts";

export interface ImageSourceOptions extends SourceOptions, WantedImage {
  /** The reference of the source. */
  readonly reference: ImageReference;
  /** What messages call the image, as `shown` is what they call the archive. */
  readonly shownImage: string;
}

/**
 * An image of an archive as a source: with the manifest that the Go tools make up for it.
 *
 * @throws what `openArchive`, `readImages` and `chooseImage` throw
 */
export async function openImageSource(path: string, options: ImageSourceOptions): Promise<ImageSource> {
  const { reference, shownImage, signal } = options;
  const archive = await openArchive(path, options);
  try {
    const image = await chooseImage(await readImages(archive, signal), options).load(signal);
    const close = async (): Promise<void> => archive[Symbol.asyncDispose]();
    return sourceOf(image, { reference, shown: shownImage, close });
  } catch (error) {
    await archive[Symbol.asyncDispose]();
    throw error;
  }
}

interface LoadedImageOptions {
  readonly reference: ImageReference;
  readonly shown: string;
  close(): Promise<void>;
}

function sourceOf(image: LoadedImage, { reference, shown, close }: LoadedImageOptions): ImageSource {
  return {
    reference,
    async manifest(instance, { signal } = {}) {
      throwIfAborted(signal);
      const manifest = await makeManifest(image, signal);
      if (instance === undefined || manifestDigest(manifest.bytes, digestAlgorithm(instance)) === instance)
        return manifest;
      throw new DrayageError(
        "ERR_DRAYAGE_IMAGE_NOT_FOUND",
        `${shown} has no ${instance}: it is one image, no index`,
      );
    },
    async blob({ digest, size }) {
      if (digest === image.configDigest) {
        return bytesBlob(image.config, { digest, what: `the config of ${shown}` });
      }
      const layer = image.layers.get(digest);
      if (layer !== undefined) return size < 0 ? layer.blob() : { ...layer.blob(), size };
      throw new DrayageError("ERR_DRAYAGE_BLOB_NOT_FOUND", `${shown} has no blob ${digest}`);
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
