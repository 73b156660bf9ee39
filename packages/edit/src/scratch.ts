import { bytesBlob } from "@drayage/blob";
import { sourceDateEpoch } from "@drayage/copy";
import { type Digest, digestBytes } from "@drayage/digest";
import {
  type Descriptor,
  emptyImageConfigs,
  encodeOciConfig,
  encodeOciIndex,
  encodeOciManifest,
  hostPlatform,
  mediaTypes,
  type Platform,
} from "@drayage/manifest";
import { derivedSource, type ImageSource, type RawManifest, rawManifest } from "@drayage/transport";

export interface ScratchOptions {
  /** This machine's where absent. Several make an index. */
  readonly platforms?: readonly Platform[] | undefined;
  /** SOURCE_DATE_EPOCH, or the current time, where absent. */
  readonly created?: Date | undefined;
}

/** An image without layers, to be appended to. */
export function scratchSource(options: ScratchOptions = {}): ImageSource {
  const { platforms = [hostPlatform()] } = options;
  const now = options.created ?? sourceDateEpoch() ?? new Date();
  const blobs = new Map<Digest, ReturnType<typeof bytesBlob>>();
  const instances = new Map<Digest, RawManifest>();
  const members = platforms.map((platform): Descriptor => {
    const { os, architecture, variant } = platform;
    const { oci } = emptyImageConfigs({ now, os, architecture });
    const named = { ...oci, os, architecture, ...(variant === undefined ? {} : { variant }) };
    const config = encodeOciConfig({ ...named, rootfs: { type: "layers", diff_ids: [] } });
    const digest = digestBytes(config);
    blobs.set(digest, bytesBlob(config, { digest }));
    const descriptor = { mediaType: mediaTypes.ociConfig, digest, size: config.length };
    const { ociManifest: mediaType } = mediaTypes;
    const bytes = encodeOciManifest({ mediaType, config: descriptor, layers: [] }, undefined);
    const manifest = digestBytes(bytes);
    instances.set(manifest, { bytes, mediaType });
    return { mediaType, digest: manifest, size: bytes.length, platform };
  });
  const [only] = members;
  const single = members.length === 1 && only !== undefined ? instances.get(only.digest) : undefined;
  const index = encodeOciIndex({ mediaType: mediaTypes.ociIndex, manifests: members }, undefined);
  return derivedSource({
    reference: { text: "scratch" },
    manifest: single ?? rawManifest(index),
    instances,
    blobs,
  });
}
