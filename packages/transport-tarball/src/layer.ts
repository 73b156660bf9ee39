import { type Blob, drain, fileBlob, inflated, peekBlob } from "@drayage/blob";
import { type Algorithm, detectCompression, magicLength } from "@drayage/compression";
import type { Digest } from "@drayage/digest";
import { type Descriptor, mediaTypes } from "@drayage/manifest";
import { createTarCheck } from "./tar-check.ts";

/** A file as a layer. */
export interface TarballLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  /** What the descriptor describes. */
  readonly blob: Blob;
}

/** The media types of layers that are kept as they are. Other compressions have none in the OCI specification. */
const layerTypes: Readonly<Partial<Record<Algorithm, string>>> = {
  gzip: mediaTypes.ociLayerGzip,
  zstd: mediaTypes.ociLayerZstd,
};

/**
 * Reads a file once, to find out what a manifest says of it. What gzip or zstd compressed stays as it is; what bzip2
 * or xz did is inflated, since no manifest can name such a layer.
 *
 * @param what what messages call the file
 * @throws ERR_DRAYAGE_ARCHIVE_INVALID where it is no tar archive, ERR_DRAYAGE_COMPRESSION_INVALID, ERR_DRAYAGE_IO
 */
export async function readLayer(
  path: string,
  { what, signal }: { readonly what: string; readonly signal?: AbortSignal | undefined },
): Promise<TarballLayer> {
  const stored = fileBlob(path, { what });
  const algorithm = detectCompression((await peekBlob(stored, magicLength, { signal })).head);
  const unpacked = algorithm === undefined ? stored : inflated(stored, { algorithm });
  const check = createTarCheck(what);
  const {
    digest: diffId,
    size,
    stages,
  } = await drain(unpacked, { kind: "writer", write: check.push }, { signal });
  check.finish();
  const packed = stages[0];
  const mediaType = algorithm === undefined ? undefined : layerTypes[algorithm];
  if (packed === undefined || mediaType === undefined) {
    const descriptor = { mediaType: mediaTypes.ociLayerTar, digest: diffId, size };
    return { descriptor, diffId, blob: { ...unpacked, digest: diffId, size } };
  }
  const facts = { digest: packed.digest, size: packed.size };
  return { descriptor: { mediaType, ...facts }, diffId, blob: { ...stored, ...facts } };
}
