import { gzipSync } from "node:zlib";
import { type Digest, digestBytes } from "@drayage/digest";
import { mediaTypes, type Platform } from "@drayage/manifest";
import type { MemoryStore } from "./memory-store.ts";

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export interface TestLayer {
  /** Uncompressed bytes. */
  readonly content: Uint8Array;
  readonly compression?: "none" | "gzip" | undefined;
  readonly urls?: readonly string[] | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

export interface TestImage {
  readonly format?: "oci" | "v2s2" | undefined;
  readonly platform?: Platform | undefined;
  readonly layers: readonly TestLayer[];
  /** Added to the config, so that images differ. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

export interface TestDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform?: Platform;
}

/** Bytes that compress a little, the same for the same seed. */
export function bytesOf(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed + 1;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    bytes[at] = at % 3 === 0 ? 65 : state >> 16;
  }
  return bytes;
}

/** Puts an image in a store, as its root too, and gives its descriptor. */
export function addImage(store: MemoryStore, image: TestImage): TestDescriptor {
  const isOci = image.format !== "v2s2";
  const platform = image.platform ?? { os: "linux", architecture: "amd64" };
  const config = encode({
    created: "2024-01-02T03:04:05Z",
    architecture: platform.architecture,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    os: platform.os,
    config: { Env: ["PATH=/bin"], Labels: image.labels ?? {} },
    rootfs: { type: "layers", diff_ids: image.layers.map(({ content }) => digestBytes(content)) },
    history: image.layers.map((_, index) => ({
      created: "2024-01-02T03:04:05Z",
      created_by: `step ${index}`,
    })),
  });
  const layers = image.layers.map((layer) => addLayer(store, layer, isOci));
  const manifest = encode({
    schemaVersion: 2,
    mediaType: isOci ? mediaTypes.ociManifest : mediaTypes.dockerManifest,
    config: {
      mediaType: isOci ? mediaTypes.ociConfig : mediaTypes.dockerConfig,
      digest: addBlob(store, config),
      size: config.length,
    },
    layers,
  });
  const digest = addManifest(store, manifest, isOci ? mediaTypes.ociManifest : mediaTypes.dockerManifest);
  return {
    mediaType: isOci ? mediaTypes.ociManifest : mediaTypes.dockerManifest,
    digest,
    size: manifest.length,
    platform,
  };
}

function addLayer(store: MemoryStore, layer: TestLayer, isOci: boolean): unknown {
  const gzip = layer.compression !== "none";
  const bytes = gzip ? gzipSync(layer.content) : layer.content;
  const mediaType = isOci
    ? gzip
      ? mediaTypes.ociLayerGzip
      : mediaTypes.ociLayerTar
    : gzip
      ? mediaTypes.dockerLayerGzip
      : mediaTypes.dockerLayerTar;
  const { urls, annotations } = layer;
  const digest = addBlob(store, bytes);
  return {
    mediaType,
    digest,
    size: bytes.length,
    ...(urls ? { urls } : {}),
    ...(annotations ? { annotations } : {}),
  };
}

export function addBlob(store: MemoryStore, bytes: Uint8Array): Digest {
  const digest = digestBytes(bytes);
  store.blobs.set(digest, bytes);
  return digest;
}

export function addManifest(store: MemoryStore, bytes: Uint8Array, mediaType: string): Digest {
  const digest = digestBytes(bytes);
  store.manifests.set(digest, { bytes, mediaType });
  store.root = digest;
  return digest;
}

/** Puts an index of what is in the store already. */
export function addIndex(
  store: MemoryStore,
  manifests: readonly TestDescriptor[],
  { format = "oci" }: { format?: "oci" | "v2s2" } = {},
): TestDescriptor {
  const mediaType = format === "oci" ? mediaTypes.ociIndex : mediaTypes.dockerManifestList;
  const bytes = encode({ schemaVersion: 2, mediaType, manifests });
  return { mediaType, digest: addManifest(store, bytes, mediaType), size: bytes.length };
}

/** An artifact whose config is no image's, about another manifest. */
export function addArtifact(
  store: MemoryStore,
  content: Uint8Array,
  subject?: TestDescriptor,
): TestDescriptor {
  const empty = encode({});
  const bytes = encode({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType: "application/vnd.example.sbom",
    config: { mediaType: mediaTypes.ociEmpty, digest: addBlob(store, empty), size: empty.length },
    layers: [{ mediaType: "application/spdx+json", digest: addBlob(store, content), size: content.length }],
    ...(subject === undefined
      ? {}
      : { subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size } }),
  });
  const digest = addManifest(store, bytes, mediaTypes.ociManifest);
  return { mediaType: mediaTypes.ociManifest, digest, size: bytes.length };
}
