import type { Digest } from "@drayage/digest";
import { verifyBytes } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import type { ImageConfig } from "./config.ts";
import { utf8 } from "./json/text.ts";
import { configOf } from "./manifest-parts.ts";
import { mediaTypes } from "./media-types.ts";
import { parseConfig } from "./parse-config.ts";
import { zeroTime } from "./time.ts";
import type { Annotations, ImageManifest } from "./types.ts";

/** What `skopeo inspect` shows of an image, from its manifest and config. */
export interface ImageInspection {
  /** Of docker v2s1, which names itself; empty for others. */
  readonly tag: string;
  /** RFC 3339 as Go prints it; year 1 where a docker config says nothing, undefined where an OCI config does. */
  readonly created: string | undefined;
  readonly dockerVersion: string;
  readonly labels: Annotations | undefined;
  readonly architecture: string;
  readonly variant: string;
  readonly os: string;
  /** The base layer first. */
  readonly layers: readonly Digest[];
  readonly layersData: readonly InspectedLayer[];
  readonly env: readonly string[] | undefined;
  readonly author: string;
}

export interface InspectedLayer {
  /** Empty in docker v2s1. */
  readonly mediaType: string;
  readonly digest: Digest;
  /** In bytes; -1 in docker v2s1, which does not say. */
  readonly size: number;
  readonly annotations: Annotations | undefined;
}

/**
 * What a person wants to know of an image. `config` are the bytes of the manifest's config, which are
 * verified; docker v2s1 needs none.
 *
 * @throws ERR_DRAYAGE_MANIFEST_UNSUPPORTED for artifacts, ERR_DRAYAGE_CONFIG_INVALID,
 *   ERR_DRAYAGE_DIGEST_MISMATCH, ERR_DRAYAGE_USAGE where the config is needed and absent
 */
export function inspectImage(manifest: ImageManifest, config?: Uint8Array): ImageInspection {
  if (manifest.isArtifact) {
    throw new DrayageError(
      "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
      "manifest: this is an artifact, not an image, so there is no image's config to show",
      { hint: "look at the manifest itself" },
    );
  }
  const parsed = parseConfig(configBytes(manifest, config));
  const isOci = manifest.mediaType === mediaTypes.ociManifest;
  return {
    tag: manifest.v1?.tag ?? "",
    created: parsed.created ?? (isOci ? undefined : zeroTime),
    dockerVersion: parsed.docker_version ?? "",
    labels: parsed.config?.Labels,
    architecture: parsed.architecture,
    variant: parsed.variant ?? "",
    os: parsed.os,
    layers: manifest.layers.map((layer) => layer.digest),
    layersData: manifest.layers.map(({ mediaType, digest, size, annotations }) => ({
      mediaType,
      digest,
      size,
      annotations,
    })),
    env: parsed.config?.Env,
    author: parsed.author ?? "",
  };
}

function configBytes(manifest: ImageManifest, config: Uint8Array | undefined): Uint8Array {
  if (manifest.v1 !== undefined) return utf8(manifest.v1.history[0]?.v1Compatibility ?? "{}");
  if (config === undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "the config of the image is needed to inspect it");
  }
  verifyBytes(config, configOf(manifest).digest, "config");
  return config;
}

/** The platform that a config says its image is for. */
export function platformOfConfig(config: ImageConfig): {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string | undefined;
} {
  const { architecture, os, variant } = config;
  return variant === undefined || variant === "" ? { architecture, os } : { architecture, os, variant };
}
