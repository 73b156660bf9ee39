import type { CompressionAlgorithm } from "@drayage/blob";
import { type ImageManifest, isDockerV1MediaType, layerTypeOf, mediaTypes } from "@drayage/manifest";

/** What is done to a layer's bytes on their way. */
export type LayerAction =
  | { readonly do: "copy"; readonly reason: string }
  | { readonly do: "compress" | "recompress"; readonly algorithm: "gzip" | "zstd"; readonly reason: string }
  | { readonly do: "decompress"; readonly reason: string };

export interface LayerQuestion {
  /** What the destination wants layers to be. */
  readonly wanted: "preserve" | "compress" | "decompress";
  /** The compression that the layer has; undefined where it has none. */
  readonly present: CompressionAlgorithm | undefined;
  /** The compression that the user asked for. */
  readonly requested: "gzip" | "zstd" | undefined;
  /** Why the layer must pass as it is, where it must. */
  readonly untouchable: string | undefined;
  /** The manifest type that is written. */
  readonly targetType: string;
  readonly compat: "go" | undefined;
}

/** The compression rules of containers/image, and one of ours: docker manifests cannot name zstd layers. */
export function chooseLayerAction(question: LayerQuestion): LayerAction {
  const { wanted, present, requested, untouchable } = question;
  if (untouchable !== undefined) return { do: "copy", reason: untouchable };
  if (wanted === "decompress") {
    if (present === undefined) return { do: "copy", reason: "it is not compressed" };
    return { do: "decompress", reason: "the destination keeps layers uncompressed" };
  }
  if (wanted === "compress") {
    if (present === undefined) {
      const reason =
        requested === undefined ? "the destination wants layers compressed" : `${requested} was asked for`;
      return { do: "compress", algorithm: requested ?? "gzip", reason };
    }
    if (requested !== undefined && requested !== present) {
      return {
        do: "recompress",
        algorithm: requested,
        reason: `${requested} was asked for, it has ${present}`,
      };
    }
  }
  if (present === "zstd" && question.targetType !== mediaTypes.ociManifest && question.compat !== "go") {
    return { do: "recompress", algorithm: "gzip", reason: "docker manifests have no type for zstd layers" };
  }
  return { do: "copy", reason: "it is what the destination wants" };
}

/** What a layer's media type says of its compression; undefined for types that say nothing. */
export function saidCompression(
  mediaType: string,
): { readonly algorithm: CompressionAlgorithm | undefined } | undefined {
  const type = layerTypeOf(mediaType);
  if (type === undefined) return undefined;
  return { algorithm: type.compression === "none" ? undefined : type.compression };
}

/** Why a layer of this image must pass byte for byte, or undefined where its compression may change. */
export function untouchableReason(
  image: Pick<ImageManifest, "isArtifact" | "mediaType">,
  layerType: string,
  frozen: string | undefined,
): string | undefined {
  if (frozen !== undefined) return `it may not change: ${frozen}`;
  if (layerType.endsWith("+encrypted")) return "it is encrypted";
  if (image.isArtifact) return "it belongs to an artifact";
  // v2s1 names no types: all its layers are taken to be tar archives.
  if (isDockerV1MediaType(image.mediaType)) return undefined;
  if (layerTypeOf(layerType) === undefined) return `its type ${layerType} has no variants by compression`;
  return undefined;
}
