import { type Digest, digestBytes } from "@drayage/digest";
import { type Descriptor, mediaTypes, type Platform } from "@drayage/manifest";
import { encodeJson } from "./bytes.ts";
import { type LayerCompression, randomLayer, type SampleLayer } from "./layer.ts";

/** Whose media types a sample has. */
export type SampleFormat = "oci" | "docker";

export interface ImageOptions {
  /** The same seed and options give the same bytes. */
  readonly seed: number | string;
  /** How many layers to make, or the layers themselves; 2 where absent. */
  readonly layers?: number | readonly SampleLayer[] | undefined;
  /** `oci` where absent. */
  readonly format?: SampleFormat | undefined;
  /** gzip where absent. Docker's format has no zstd. */
  readonly compression?: LayerCompression | undefined;
  /** linux/amd64 where absent. */
  readonly platform?: Platform | undefined;
}

/** A manifest or index as it is to be stored. */
export interface SampleManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly digest: Digest;
}

/** A blob of a sample, with what the manifest says of it. */
export interface SampleBlob {
  readonly bytes: Uint8Array;
  readonly descriptor: Descriptor;
}

/** One image, whole, in memory. */
export interface SampleImage {
  readonly kind: "image";
  readonly manifest: SampleManifest;
  readonly config: SampleBlob;
  /** The base layer first. */
  readonly layers: readonly (SampleBlob & { readonly layer: SampleLayer })[];
  readonly platform: Platform;
}

const types = {
  oci: {
    manifest: mediaTypes.ociManifest,
    config: mediaTypes.ociConfig,
    index: mediaTypes.ociIndex,
    layers: { none: mediaTypes.ociLayerTar, gzip: mediaTypes.ociLayerGzip, zstd: mediaTypes.ociLayerZstd },
  },
  docker: {
    manifest: mediaTypes.dockerManifest,
    config: mediaTypes.dockerConfig,
    index: mediaTypes.dockerManifestList,
    layers: { none: mediaTypes.dockerLayerTar, gzip: mediaTypes.dockerLayerGzip, zstd: undefined },
  },
} as const;

/** An image with a config that agrees with its layers. */
export async function randomImage(options: ImageOptions): Promise<SampleImage> {
  const { seed, format = "oci", compression, platform = { architecture: "amd64", os: "linux" } } = options;
  const layers = await layersOf(options.layers ?? 2, seed, compression);
  const described = layers.map((layer) => {
    const mediaType = types[format].layers[layer.compression];
    if (mediaType === undefined)
      throw new RangeError(`${format} images have no layers in ${layer.compression}`);
    return { bytes: layer.bytes, descriptor: describe(mediaType, layer.bytes), layer };
  });
  const configBytes = encodeJson(configOf(layers, platform, seed));
  const config: SampleBlob = { bytes: configBytes, descriptor: describe(types[format].config, configBytes) };
  const bytes = encodeJson({
    schemaVersion: 2,
    mediaType: types[format].manifest,
    config: config.descriptor,
    layers: described.map(({ descriptor }) => descriptor),
  });
  const manifest = { bytes, mediaType: types[format].manifest, digest: digestBytes(bytes) };
  return { kind: "image", manifest, config, layers: described, platform };
}

export interface IndexOptions extends Omit<ImageOptions, "platform"> {
  /** linux/amd64 and linux/arm64/v8 where absent. */
  readonly platforms?: readonly Platform[] | undefined;
}

/** An index and its images, whole, in memory. */
export interface SampleIndex {
  readonly kind: "index";
  readonly manifest: SampleManifest;
  readonly images: readonly SampleImage[];
}

/** An index of one image for each platform; an OCI index, or docker's manifest list. */
export async function randomIndex(options: IndexOptions): Promise<SampleIndex> {
  const { format = "oci", platforms = bothPlatforms } = options;
  const images = await Promise.all(
    platforms.map((platform, index) =>
      randomImage({ ...options, platform, seed: `${options.seed}/${index}` }),
    ),
  );
  const mediaType = types[format].index;
  const bytes = encodeJson({
    schemaVersion: 2,
    mediaType,
    manifests: images.map(({ manifest, platform }) => ({
      ...describe(manifest.mediaType, manifest.bytes),
      platform,
    })),
  });
  return { kind: "index", manifest: { bytes, mediaType, digest: digestBytes(bytes) }, images };
}

const bothPlatforms: readonly Platform[] = [
  { architecture: "amd64", os: "linux" },
  { architecture: "arm64", os: "linux", variant: "v8" },
];

async function layersOf(
  layers: number | readonly SampleLayer[],
  seed: number | string,
  compression: LayerCompression | undefined,
): Promise<readonly SampleLayer[]> {
  if (typeof layers !== "number") return layers;
  return Promise.all(
    Array.from({ length: layers }, (_, index) =>
      randomLayer({ seed: `${seed}/layer-${index}`, compression }),
    ),
  );
}

function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestBytes(bytes), size: bytes.length };
}

function configOf(layers: readonly SampleLayer[], platform: Platform, seed: number | string): unknown {
  return {
    created: "2024-05-06T07:08:09.123456789Z",
    ...platform,
    config: { Env: ["PATH=/usr/bin:/bin"], Cmd: ["/bin/sh"], Labels: { seed: String(seed) } },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map((_, index) => ({
      created: "2024-05-06T07:08:09Z",
      created_by: `ADD layer-${index} /`,
    })),
  };
}
