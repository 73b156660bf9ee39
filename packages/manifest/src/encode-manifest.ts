import type { Digest } from "@drayage/digest";
import { list, nonEmptyMap, text } from "./encode-config.ts";
import { encodeGoJson, type RawJson } from "./json/encode.ts";
import { mediaTypes } from "./media-types.ts";
import type { Annotations, Descriptor, ExtraFields, Platform } from "./types.ts";

/**
 * `go`: the bytes of containers/image 5.22 as skopeo 1.9.3 has it, which drops all fields that its structs
 * lack. Absent: the same order of fields, and nothing dropped.
 */
export type Compat = "go" | undefined;

export interface ManifestParts {
  /** Absent where the document does not name its own type. */
  readonly mediaType?: string | undefined;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Annotations | undefined;
  readonly subject?: Descriptor | undefined;
  readonly artifactType?: string | undefined;
  readonly extra?: ExtraFields | undefined;
}

export function encodeOciManifest(parts: ManifestParts, compat: Compat): Uint8Array {
  const keep = compat === undefined;
  return encodeGoJson({
    schemaVersion: 2,
    mediaType: text(parts.mediaType),
    artifactType: keep ? text(parts.artifactType) : undefined,
    config: ociDescriptor(parts.config, compat),
    layers: parts.layers.map((layer) => ociDescriptor(layer, compat)),
    subject: parts.subject === undefined ? undefined : ociDescriptor(parts.subject, compat),
    annotations: nonEmptyMap(parts.annotations),
    ...extraOf(parts, compat),
  });
}

export function encodeDockerManifest(parts: ManifestParts, compat: Compat): Uint8Array {
  const keep = compat === undefined;
  return encodeGoJson({
    schemaVersion: 2,
    mediaType: parts.mediaType ?? "",
    config: dockerDescriptor(parts.config, compat),
    layers: parts.layers.map((layer) => dockerDescriptor(layer, compat)),
    ...(keep
      ? {
          artifactType: text(parts.artifactType),
          subject: parts.subject === undefined ? undefined : ociDescriptor(parts.subject, compat),
          annotations: nonEmptyMap(parts.annotations),
        }
      : {}),
    ...extraOf(parts, compat),
  });
}

export interface DockerV1Parts {
  readonly name: string;
  readonly tag: string;
  readonly architecture: string;
  /** The top layer first. */
  readonly layers: readonly { readonly digest: Digest; readonly v1Compatibility: string }[];
  readonly extra?: ExtraFields | undefined;
}

/** Without signatures. */
export function encodeDockerV1(parts: DockerV1Parts, compat: Compat): Uint8Array {
  return encodeGoJson({
    name: parts.name,
    tag: parts.tag,
    architecture: parts.architecture,
    fsLayers: parts.layers.map(({ digest }) => ({ blobSum: digest })),
    history: parts.layers.map(({ v1Compatibility }) => ({ v1Compatibility })),
    schemaVersion: 1,
    ...extraOf(parts, compat),
  });
}

export interface IndexParts {
  /** Absent where the document does not name its own type. */
  readonly mediaType?: string | undefined;
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Annotations | undefined;
  readonly subject?: Descriptor | undefined;
  readonly artifactType?: string | undefined;
  readonly extra?: ExtraFields | undefined;
}

export function encodeOciIndex(parts: IndexParts, compat: Compat): Uint8Array {
  const keep = compat === undefined;
  return encodeGoJson({
    schemaVersion: 2,
    // containers/image writes the type even where the document had none.
    mediaType: keep ? text(parts.mediaType) : mediaTypes.ociIndex,
    artifactType: keep ? text(parts.artifactType) : undefined,
    manifests: parts.manifests.map((entry) => ociDescriptor(entry, compat)),
    subject: keep && parts.subject !== undefined ? ociDescriptor(parts.subject, compat) : undefined,
    annotations: nonEmptyMap(parts.annotations),
    ...extraOf(parts, compat),
  });
}

export function encodeDockerList(parts: IndexParts, compat: Compat): Uint8Array {
  const keep = compat === undefined;
  return encodeGoJson({
    schemaVersion: 2,
    mediaType: parts.mediaType ?? "",
    manifests: parts.manifests.map(({ platform, ...entry }) => {
      const { extra, ...fields } = dockerDescriptorFields(entry, compat);
      return { ...fields, platform: dockerPlatform(platform, compat), ...extra };
    }),
    ...(keep
      ? {
          artifactType: text(parts.artifactType),
          subject: parts.subject === undefined ? undefined : ociDescriptor(parts.subject, compat),
          annotations: nonEmptyMap(parts.annotations),
        }
      : {}),
    ...extraOf(parts, compat),
  });
}

function ociDescriptor(descriptor: Descriptor, compat: Compat): object {
  return {
    mediaType: text(descriptor.mediaType),
    digest: descriptor.digest,
    size: descriptor.size,
    urls: list(descriptor.urls),
    annotations: nonEmptyMap(descriptor.annotations),
    data: text(descriptor.data),
    platform: descriptor.platform === undefined ? undefined : ociPlatform(descriptor.platform, compat),
    artifactType: text(descriptor.artifactType),
    ...extraOf(descriptor, compat),
  };
}

function dockerDescriptor(descriptor: Descriptor, compat: Compat): object {
  const { extra, ...fields } = dockerDescriptorFields(descriptor, compat);
  return { ...fields, ...extra };
}

function dockerDescriptorFields(
  descriptor: Descriptor,
  compat: Compat,
): { readonly extra: Readonly<Record<string, unknown>>; readonly [field: string]: unknown } {
  const known = {
    mediaType: descriptor.mediaType,
    size: descriptor.size,
    digest: descriptor.digest,
    urls: list(descriptor.urls),
  };
  if (compat === "go") return { ...known, extra: {} };
  const { platform } = descriptor;
  return {
    ...known,
    annotations: nonEmptyMap(descriptor.annotations),
    data: text(descriptor.data),
    platform: platform === undefined ? undefined : ociPlatform(platform, compat),
    artifactType: text(descriptor.artifactType),
    extra: extraOf(descriptor, compat),
  };
}

function ociPlatform(platform: Platform, compat: Compat): object {
  return {
    architecture: platform.architecture,
    os: platform.os,
    "os.version": text(platform["os.version"]),
    "os.features": list(platform["os.features"]),
    variant: text(platform.variant),
    features: compat === undefined ? list(platform.features) : undefined,
    ...extraOf(platform, compat),
  };
}

/** docker's lists always have a platform. */
function dockerPlatform(platform: Platform | undefined, compat: Compat): object {
  return {
    architecture: platform?.architecture ?? "",
    os: platform?.os ?? "",
    "os.version": text(platform?.["os.version"]),
    "os.features": list(platform?.["os.features"]),
    variant: text(platform?.variant),
    features: list(platform?.features),
    ...(platform === undefined ? {} : extraOf(platform, compat)),
  };
}

function extraOf(
  { extra }: { readonly extra?: ExtraFields | undefined },
  compat: Compat,
): Readonly<Record<string, RawJson>> {
  return extra === undefined || compat === "go" ? {} : Object.fromEntries(extra);
}
