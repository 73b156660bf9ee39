import { DrayageError } from "@drayage/errors";
import { isIndexMediaType, mediaTypes } from "@drayage/manifest";
import type { ManifestFormat } from "./options.ts";

/** The manifest type to write, and those to try after it when the destination rejects it. */
export interface TypeChoice {
  readonly preferred: string;
  readonly fallbacks: readonly string[];
  /** Why `preferred` is what it is, as a clause. */
  readonly reason: string;
}

/** Which media types a forced format stands for: skopeo's `--format`. */
export const formatTypes: Readonly<Record<ManifestFormat, { image: string; index: string }>> = {
  oci: { image: mediaTypes.ociManifest, index: mediaTypes.ociIndex },
  v2s2: { image: mediaTypes.dockerManifest, index: mediaTypes.dockerManifestList },
  v2s1: { image: mediaTypes.dockerV1SignedManifest, index: mediaTypes.dockerManifestList },
};

/** v2s2 first: it need not change with the image's place. Unsigned v2s1 is left out: registries refuse it. */
const preferredTypes: readonly string[] = [mediaTypes.dockerManifest, mediaTypes.dockerV1SignedManifest];

/** What a destination that takes any type is tried with. */
const knownImageTypes: readonly string[] = [
  mediaTypes.ociManifest,
  mediaTypes.dockerManifest,
  mediaTypes.dockerV1SignedManifest,
  mediaTypes.dockerV1Manifest,
];

const knownIndexTypes: readonly string[] = [mediaTypes.dockerManifestList, mediaTypes.ociIndex];

export interface TypeQuestion {
  /** The source's type. */
  readonly sourceType: string;
  /** The types that the destination takes; empty for any. */
  readonly accepted: readonly string[];
  readonly format?: ManifestFormat | undefined;
  /** The compression that the user asked for by name. */
  readonly compression?: "gzip" | "zstd" | undefined;
  /** Why the manifest may not change, where it may not. */
  readonly frozen?: string | undefined;
}

/**
 * The order of types in which an image's manifest is tried, as containers/image orders them: the source's
 * own, v2s2, v2s1, then the others that the destination takes, in its order.
 *
 * Throws `ERR_DRAYAGE_CONVERSION_UNSUPPORTED` where no type can hold the wanted compression.
 */
export function chooseManifestType(question: TypeQuestion): TypeChoice {
  const { sourceType, format, compression, frozen } = question;
  const forced = format === undefined ? undefined : formatTypes[format].image;
  const accepted = acceptedImageTypes(question.accepted, forced);
  if (accepted.length === 0) {
    throw new DrayageError(
      "ERR_DRAYAGE_DESTINATION_REFUSED",
      "the destination takes no manifest of an image",
    );
  }
  const usable = accepted.filter((type) => compression !== "zstd" || type === mediaTypes.ociManifest);
  if (usable.length === 0) {
    throw new DrayageError(
      "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
      forced === undefined
        ? `the destination takes only ${accepted.join(", ")}: none of them can hold layers compressed with ${compression}`
        : `layers compressed with ${compression} are wanted in ${forced}, which cannot hold them`,
      {
        hint: "only OCI manifests can hold layers compressed with zstd; ask for gzip, or for the format oci",
      },
    );
  }
  if (frozen !== undefined) {
    return { preferred: sourceType, fallbacks: [], reason: `it may not change: ${frozen}` };
  }
  const order = unique([sourceType, ...preferredTypes, ...usable].filter((type) => usable.includes(type)));
  const [preferred = sourceType, ...fallbacks] = order;
  return { preferred, fallbacks, reason: typeReason(preferred, sourceType, question) };
}

function acceptedImageTypes(accepted: readonly string[], forced: string | undefined): readonly string[] {
  if (forced !== undefined) return [forced];
  if (accepted.length === 0) return knownImageTypes;
  return accepted.filter((type) => !isIndexMediaType(type));
}

function typeReason(preferred: string, sourceType: string, { format, compression }: TypeQuestion): string {
  if (format !== undefined) return `the format ${format} was asked for`;
  if (preferred === sourceType) return "the destination takes it as it is";
  if (compression === "zstd") return "only OCI manifests can hold layers compressed with zstd";
  return `the destination does not take ${sourceType}`;
}

/**
 * The order of types in which an index is tried: its own where the destination takes it, then the others.
 * Undefined where the destination takes no index at all.
 */
export function chooseIndexType(question: TypeQuestion): TypeChoice | undefined {
  const { sourceType, format } = question;
  const accepted =
    format !== undefined
      ? [formatTypes[format].index]
      : question.accepted.length === 0
        ? knownIndexTypes
        : question.accepted.filter(isIndexMediaType);
  const order = unique([sourceType, ...accepted].filter((type) => accepted.includes(type)));
  const [preferred, ...fallbacks] = order;
  if (preferred === undefined) return undefined;
  return { preferred, fallbacks, reason: typeReason(preferred, sourceType, question) };
}

/** Whether a destination takes any index: `accepts.manifestTypes` of its contract. */
export function takesIndexes(accepted: readonly string[]): boolean {
  return accepted.length === 0 || accepted.some(isIndexMediaType);
}

function unique(items: readonly string[]): readonly string[] {
  return [...new Set(items)];
}
