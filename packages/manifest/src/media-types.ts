/** The media types of manifests, indexes, configs and layers that this package knows. */
export const mediaTypes = {
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociEmpty: "application/vnd.oci.empty.v1+json",
  ociLayerTar: "application/vnd.oci.image.layer.v1.tar",
  ociLayerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  ociLayerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  ociNondistributableLayerTar: "application/vnd.oci.image.layer.nondistributable.v1.tar",
  ociNondistributableLayerGzip: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
  ociNondistributableLayerZstd: "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerManifestList: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayerTar: "application/vnd.docker.image.rootfs.diff.tar",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  dockerForeignLayerTar: "application/vnd.docker.image.rootfs.foreign.diff.tar",
  dockerForeignLayerGzip: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  dockerV1Manifest: "application/vnd.docker.distribution.manifest.v1+json",
  dockerV1SignedManifest: "application/vnd.docker.distribution.manifest.v1+prettyjws",
} as const;

/** The media types of manifests of one image. */
export type ImageMediaType =
  | typeof mediaTypes.ociManifest
  | typeof mediaTypes.dockerManifest
  | typeof mediaTypes.dockerV1Manifest
  | typeof mediaTypes.dockerV1SignedManifest;

/** The media types of indexes (docker's name: manifest lists). */
export type IndexMediaType = typeof mediaTypes.ociIndex | typeof mediaTypes.dockerManifestList;

/** Whether `mediaType` is that of an OCI index or a docker manifest list. */
export function isIndexMediaType(mediaType: string): mediaType is IndexMediaType {
  return mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerManifestList;
}

/** Whether `mediaType` is that of the manifest of one image, of whichever format and age. */
export function isImageMediaType(mediaType: string): mediaType is ImageMediaType {
  return (
    mediaType === mediaTypes.ociManifest ||
    mediaType === mediaTypes.dockerManifest ||
    isDockerV1MediaType(mediaType)
  );
}

/** Whether `mediaType` is that of a docker v2s1 manifest, signed or not. */
export function isDockerV1MediaType(
  mediaType: string,
): mediaType is typeof mediaTypes.dockerV1Manifest | typeof mediaTypes.dockerV1SignedManifest {
  return mediaType === mediaTypes.dockerV1Manifest || mediaType === mediaTypes.dockerV1SignedManifest;
}
