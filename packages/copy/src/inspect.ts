import { readBlob } from "@drayage/blob";
import { type Algorithm, type Digest, digestAlgorithm } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import {
  type Annotations,
  configLimit,
  type ImageIndex,
  type ImageManifest,
  indexDepthLimit,
  inspectImage as inspectManifest,
  isIndexMediaType,
  type ImageInspection as ManifestInspection,
  manifestDigest,
  type PlatformWish,
  parseImageIndex,
  parseImageManifest,
} from "@drayage/manifest";
import type { ImageSource, OperationOptions, RawManifest } from "@drayage/transport";
import { readDocument, type SourceDocument } from "./documents.ts";
import { findInstance, platformText } from "./select.ts";
import { onSide } from "./side.ts";

export interface InspectOptions extends OperationOptions {
  /**
   * Which image of an index is looked at; that for this machine where absent, and then it is no error
   * that there is none.
   */
  readonly platform?: PlatformWish | undefined;
}

/** What an image is: the data of `skopeo inspect`, and the platforms of an index. */
export interface ImageInspection {
  /** The name that the reference gives to the image, without tag. */
  readonly name: string | undefined;
  /** The digest of the source's own manifest or index. */
  readonly digest: Digest;
  /** That manifest or index, byte for byte. */
  readonly manifest: RawManifest;
  /** Absent where an index has no image for this machine, and for artifacts. */
  readonly image: InspectedImage | undefined;
  /** All that an index names, with the indexes in it unfolded; absent where the source is no index. */
  readonly instances: readonly InspectedInstance[] | undefined;
  /** Absent for images. */
  readonly artifactType: string | undefined;
}

/** What the manifest and config say, as `skopeo inspect` shows it. */
export interface InspectedImage extends ManifestInspection {
  readonly digest: Digest;
  readonly mediaType: string;
  /** The config's bytes; absent for docker v2s1. */
  readonly config: Uint8Array | undefined;
}

export interface InspectedInstance {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
  /** `linux/arm64/v8`, where the index says. */
  readonly platform: string | undefined;
  readonly artifactType: string | undefined;
  readonly annotations: Annotations | undefined;
  /** The indexes it stands in, outermost first, without the source's own. */
  readonly within: readonly Digest[];
}

/** How many entries of indexes are listed: more is an attack. */
const maximumInstances = 100_000;

/**
 * Reads what an image says of itself. Layers are not read.
 *
 * Throws what the source throws, `ERR_DRAYAGE_PLATFORM_NOT_FOUND` where the wanted platform is not there,
 * `ERR_DRAYAGE_MANIFEST_INVALID`, `ERR_DRAYAGE_CONFIG_INVALID`.
 */
export async function inspectImage(
  source: ImageSource,
  options: InspectOptions = {},
): Promise<ImageInspection> {
  const { signal } = options;
  const origin = await readDocument(source, undefined, { signal });
  const index = isIndexMediaType(origin.mediaType)
    ? parseImageIndex(origin.bytes, origin.mediaType)
    : undefined;
  const chosen = index === undefined ? origin : await chooseImage(source, index, options);
  const manifest = chosen === undefined ? undefined : parseImageManifest(chosen.bytes, chosen.mediaType);
  const isImage = manifest !== undefined && !manifest.isArtifact;
  return {
    name: source.reference.dockerReference?.name,
    digest: manifestDigest(origin.bytes, algorithmOf(manifest)),
    manifest: { bytes: origin.bytes, mediaType: origin.mediaType },
    image:
      isImage && chosen !== undefined
        ? await readImage(source, { manifest, digest: chosen.digest, signal })
        : undefined,
    instances: index === undefined ? undefined : await listInstances(source, index, { signal, within: [] }),
    artifactType:
      manifest === undefined || isImage ? undefined : (manifest.artifactType ?? manifest.config?.mediaType),
  };
}

/** skopeo names a manifest by the algorithm that its config is named by. */
function algorithmOf(manifest: ImageManifest | undefined): Algorithm {
  return manifest?.config === undefined ? "sha256" : digestAlgorithm(manifest.config.digest);
}

async function chooseImage(
  source: ImageSource,
  index: ImageIndex,
  { platform, signal }: InspectOptions,
): Promise<SourceDocument | undefined> {
  try {
    const found = await findInstance(index, platform ?? {}, async ({ digest }) => {
      const inner = await readDocument(source, digest, { signal });
      return parseImageIndex(inner.bytes, inner.mediaType);
    });
    return await readDocument(source, found.digest, { signal });
  } catch (error) {
    if (platform === undefined && isDrayageError(error, "ERR_DRAYAGE_PLATFORM_NOT_FOUND")) return undefined;
    throw error;
  }
}

async function readImage(
  source: ImageSource,
  { manifest, digest, signal }: { manifest: ImageManifest; digest: Digest; signal: AbortSignal | undefined },
): Promise<InspectedImage> {
  const { config: descriptor, mediaType } = manifest;
  const config =
    descriptor === undefined
      ? undefined
      : await onSide("source", "read the config", async () =>
          readBlob(await source.blob(descriptor, { signal }), { limit: configLimit, signal }),
        );
  return { ...inspectManifest(manifest, config), digest, mediaType, config };
}

async function listInstances(
  source: ImageSource,
  index: ImageIndex,
  { signal, within }: { signal: AbortSignal | undefined; within: readonly Digest[] },
): Promise<readonly InspectedInstance[]> {
  const instances: InspectedInstance[] = [];
  for (const descriptor of index.manifests) {
    if (isIndexMediaType(descriptor.mediaType) && within.length < indexDepthLimit) {
      const inner = await readDocument(source, descriptor.digest, { signal });
      const nested = parseImageIndex(inner.bytes, inner.mediaType);
      const inside = await listInstances(source, nested, { signal, within: [...within, descriptor.digest] });
      for (const instance of inside) instances.push(instance);
    } else {
      const { digest, mediaType, size, artifactType, annotations } = descriptor;
      instances.push({
        digest,
        mediaType,
        size,
        platform: platformText(descriptor),
        artifactType,
        annotations,
        within,
      });
    }
    if (instances.length > maximumInstances) {
      throw new DrayageError(
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
        `the index names more than ${maximumInstances} images`,
        {
          side: "source",
        },
      );
    }
  }
  return instances;
}
