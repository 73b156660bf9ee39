import { DrayageError } from "@drayage/errors";
import { mediaTypes } from "./media-types.ts";

/** How a layer can be compressed as far as media types tell. */
export type LayerCompression = "none" | "gzip" | "zstd";

/** What the media type of a layer says. */
export interface LayerType {
  readonly family: "docker" | "oci";
  /** Whether the layer may be given to others: docker's foreign and OCI's nondistributable layers may not. */
  readonly distributable: boolean;
  readonly compression: LayerCompression;
}

const dockerLayerZstd = "application/vnd.docker.image.rootfs.diff.tar.zstd";

const layerTypes: ReadonlyMap<string, LayerType> = new Map<string, LayerType>([
  [mediaTypes.ociLayerTar, { family: "oci", distributable: true, compression: "none" }],
  [mediaTypes.ociLayerGzip, { family: "oci", distributable: true, compression: "gzip" }],
  [mediaTypes.ociLayerZstd, { family: "oci", distributable: true, compression: "zstd" }],
  [mediaTypes.ociNondistributableLayerTar, { family: "oci", distributable: false, compression: "none" }],
  [mediaTypes.ociNondistributableLayerGzip, { family: "oci", distributable: false, compression: "gzip" }],
  [mediaTypes.ociNondistributableLayerZstd, { family: "oci", distributable: false, compression: "zstd" }],
  [mediaTypes.dockerLayerTar, { family: "docker", distributable: true, compression: "none" }],
  [mediaTypes.dockerLayerGzip, { family: "docker", distributable: true, compression: "gzip" }],
  [mediaTypes.dockerForeignLayerTar, { family: "docker", distributable: false, compression: "none" }],
  [mediaTypes.dockerForeignLayerGzip, { family: "docker", distributable: false, compression: "gzip" }],
  // No specification has it, but containerd writes it: it is read, and never written.
  [dockerLayerZstd, { family: "docker", distributable: true, compression: "zstd" }],
]);

/** What a layer's media type says; undefined where it is none of an image's layers. */
export function layerTypeOf(mediaType: string): LayerType | undefined {
  return layerTypes.get(mediaType);
}

/**
 * The media type of a layer. Throws ERR_DRAYAGE_CONVERSION_UNSUPPORTED for zstd in docker's formats, which
 * have no type for it.
 */
export function layerMediaType(type: LayerType, where: string): string {
  if (type.family === "docker" && type.compression === "zstd") {
    throw new DrayageError(
      "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
      `manifest ${where}: docker manifests cannot have layers compressed with zstd`,
      { hint: "compress the layers with gzip, or write an OCI manifest" },
    );
  }
  for (const [mediaType, candidate] of layerTypes) {
    if (
      candidate.family === type.family &&
      candidate.distributable === type.distributable &&
      candidate.compression === type.compression
    ) {
      return mediaType;
    }
  }
  throw new DrayageError("ERR_DRAYAGE_USAGE", `layers cannot be compressed with ${type.compression}`);
}
