import { DrayageError } from "@drayage/errors";
import { isImageMediaType, isIndexMediaType, mediaTypes } from "./media-types.ts";
import { acceptablePlatforms, formatPlatform, type PlatformWish, samePlatform } from "./platform.ts";
import type { Descriptor, ImageIndex, Platform } from "./types.ts";

/**
 * The annotation of an entry of an OCI index whose layers need zstd, with the value `true`. It is
 * containers/image's.
 */
export const zstdAnnotation = "io.github.containers.compression.zstd";

export interface ChooseOptions {
  /** What is wanted; what is absent is that of this machine. */
  readonly platform?: PlatformWish | undefined;
  /** Prefers, of two entries for one platform, that without {@link zstdAnnotation}. */
  readonly preferGzip?: boolean | undefined;
  /** The platform of this machine, where it is not to be found out. */
  readonly host?: Platform | undefined;
  /** Whether an artifact may be chosen by its platform. Where absent: if the index has nothing but artifacts. */
  readonly artifacts?: boolean | undefined;
}

interface Candidate {
  readonly descriptor: Descriptor;
  /** The place of its platform among those that are acceptable. */
  readonly rank: number;
  readonly zstd: boolean;
}

/**
 * The entry of an index for a platform, chosen as containers/image does: the best variant first, then zstd
 * before gzip (an OCI index only, and not with `preferGzip`), then the order of the index. Entries of an OCI
 * index without a platform are the last resort. The entry may be an index itself. Unlike there, an artifact (an SBOM, a signature) is never
 * taken for an image: it is only chosen in an index of nothing but artifacts, and by its platform.
 *
 * @throws ERR_DRAYAGE_PLATFORM_NOT_FOUND, listing what there is.
 */
export function chooseInstance(index: ImageIndex, options: ChooseOptions = {}): Descriptor {
  const wanted = acceptablePlatforms(options.platform, options.host);
  const isOci = index.mediaType === mediaTypes.ociIndex;
  const { artifacts = index.manifests.every(isArtifactEntry) } = options;
  let best: Candidate | undefined;
  for (const descriptor of index.manifests) {
    if (!artifacts && isArtifactEntry(descriptor)) continue;
    const rank = rankOf(descriptor, wanted, isOci);
    if (rank === undefined) continue;
    const candidate = { descriptor, rank, zstd: isOci && needsZstd(descriptor) };
    if (best === undefined || isBetter(candidate, best, options.preferGzip === true)) best = candidate;
  }
  if (best !== undefined) return best.descriptor;
  throw notFound(index, wanted.slice(0, 1));
}

function rankOf(descriptor: Descriptor, wanted: readonly Platform[], isOci: boolean): number | undefined {
  const { platform } = descriptor;
  if (platform === undefined) {
    return isOci && !isArtifactEntry(descriptor) ? Number.POSITIVE_INFINITY : undefined;
  }
  const at = wanted.findIndex((acceptable) => samePlatform(acceptable, platform));
  return at < 0 ? undefined : at;
}

const containerConfigs: readonly string[] = [mediaTypes.ociConfig, mediaTypes.dockerConfig];

/**
 * Whether an index says of an entry that it is no container image. Where a manifest has no `artifactType`, an index gives the type of its
 * config (distribution-spec, "Listing Referrers").
 */
export function isArtifactEntry({ artifactType, mediaType }: Descriptor): boolean {
  if (artifactType) return !containerConfigs.includes(artifactType);
  return mediaType !== "" && !isImageMediaType(mediaType) && !isIndexMediaType(mediaType);
}

/** Whether the entry is annotated to need zstd. */
export function needsZstd(descriptor: Descriptor): boolean {
  return descriptor.annotations?.[zstdAnnotation] === "true";
}

function isBetter(a: Candidate, b: Candidate, preferGzip: boolean): boolean {
  if (a.rank !== b.rank) return a.rank < b.rank;
  return a.zstd !== b.zstd && a.zstd !== preferGzip;
}

/**
 * All entries of an index for any of `platforms`, in the order of the index, artifacts as well. A platform without a variant
 * means all variants.
 *
 * @throws ERR_DRAYAGE_PLATFORM_NOT_FOUND where one of the platforms has no entry, or artifacts alone in an index of images.
 */
export function matchingInstances(index: ImageIndex, platforms: readonly Platform[]): readonly Descriptor[] {
  const artifacts = index.manifests.every(isArtifactEntry);
  const counted = index.manifests.filter((entry) => artifacts || !isArtifactEntry(entry));
  const missing = platforms.filter((wanted) => !counted.some((entry) => isFor(entry, wanted)));
  if (missing.length > 0) throw notFound(index, missing);
  return index.manifests.filter((entry) => platforms.some((wanted) => isFor(entry, wanted)));
}

function isFor({ platform }: Descriptor, wanted: Platform): boolean {
  if (platform === undefined) return false;
  if (platform.os !== wanted.os || platform.architecture !== wanted.architecture) return false;
  return !wanted.variant || platform.variant === wanted.variant;
}

function notFound(index: ImageIndex, wanted: readonly Platform[]): DrayageError {
  const there = [...new Set(index.manifests.map(entryText))];
  const shown = there.slice(0, 20).join(", ") + (there.length > 20 ? " and others" : "");
  return new DrayageError(
    "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
    `the index has no image for ${wanted.map(formatPlatform).join(", ")}; it has ${shown || "no entries"}`,
    { hint: "choose one of the platforms that it has images for" },
  );
}

function entryText(descriptor: Descriptor): string {
  const { platform } = descriptor;
  const isForNone = platform === undefined || (!platform.os && !platform.architecture);
  const isArtifact = isArtifactEntry(descriptor);
  if (isForNone) return isArtifact ? "artifacts" : "entries without a platform";
  return `${isArtifact ? "an artifact for " : ""}${formatPlatform(platform).slice(0, 60)}`;
}
