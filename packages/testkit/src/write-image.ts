import { type Blob, bytesBlob } from "@drayage/blob";
import type { ImageDestination, OperationOptions } from "@drayage/transport";
import type { SampleBlob, SampleImage, SampleIndex } from "./image.ts";

export interface WriteImageOptions extends OperationOptions {
  /** False leaves the commit to the caller. */
  readonly commit?: boolean | undefined;
  /** Makes the blob that is put; one of bytes in memory where absent. */
  readonly blobOf?: ((sample: SampleBlob) => Blob) | undefined;
}

/** Puts a sample's blobs and manifests into a destination, in the order of the contract, and commits it. */
export async function writeImage(
  destination: ImageDestination,
  sample: SampleImage | SampleIndex,
  options: WriteImageOptions = {},
): Promise<void> {
  const { signal, commit = true } = options;
  if (sample.kind === "image") {
    await putBlobs(destination, sample, options);
  } else {
    for (const image of sample.images) {
      await putBlobs(destination, image, options);
      const { bytes, mediaType, digest } = image.manifest;
      await destination.putManifest(bytes, { mediaType, instance: digest, signal });
    }
  }
  const { bytes, mediaType } = sample.manifest;
  await destination.putManifest(bytes, { mediaType, signal });
  if (commit) await destination.commit({ signal });
}

async function putBlobs(
  destination: ImageDestination,
  image: SampleImage,
  { signal, blobOf = sampleBlob }: WriteImageOptions,
): Promise<void> {
  for (const [layerIndex, sample] of image.layers.entries()) {
    const { mediaType } = sample.descriptor;
    await destination.putBlob(blobOf(sample), { kind: "layer", mediaType, layerIndex, signal });
  }
  const { mediaType } = image.config.descriptor;
  await destination.putBlob(blobOf(image.config), { kind: "config", mediaType, signal });
}

/** A sample's bytes as a blob whose digest and size are known. */
export function sampleBlob({ bytes, descriptor }: SampleBlob): Blob {
  return bytesBlob(bytes, { digest: descriptor.digest, size: descriptor.size });
}
