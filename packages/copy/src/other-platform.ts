import { readBlob } from "@drayage/blob";
import {
  acceptablePlatforms,
  configLimit,
  formatPlatform,
  isImageMediaType,
  parseConfig,
  parseImageManifest,
} from "@drayage/manifest";
import type { SourceDocument } from "./documents.ts";
import type { Planning } from "./planning.ts";
import { onSide } from "./side.ts";

/** That an image is for another platform than was wished for. */
export interface OtherPlatform {
  /** `linux/arm64/v8` */
  readonly is: string;
  readonly wanted: string;
}

/**
 * Looks whether an image that comes without an index is for the platform that was wished for: it is taken whatever it is for, as podman and
 * skopeo have it. Undefined where it suits, does not say what it is for, or nothing was wished for.
 */
export async function findOtherPlatform(
  { bytes, mediaType }: SourceDocument,
  { input, selection, scope, keep }: Planning,
): Promise<OtherPlatform | undefined> {
  if (selection.kind !== "one" || !Object.values(selection.wish).some(Boolean)) return undefined;
  if (!isImageMediaType(mediaType)) return undefined;
  const { config, isArtifact } = parseImageManifest(bytes, mediaType);
  if (config === undefined || isArtifact) return undefined;
  const { signal } = scope;
  const configBytes = await onSide("source", "read the config", async () =>
    readBlob(await input.source.blob(config, { signal }), { limit: configLimit, signal }),
  );
  keep(config.digest, { bytes: configBytes, mediaType: config.mediaType });
  const { os, architecture, variant } = parseConfig(configBytes);
  if (!os || !architecture) return undefined;
  const acceptable = acceptablePlatforms(selection.wish);
  const suits = acceptable.some(
    (one) =>
      one.os === os &&
      one.architecture === architecture &&
      (!one.variant || !variant || one.variant === variant),
  );
  const [wanted] = acceptable;
  if (suits || wanted === undefined) return undefined;
  return { is: formatPlatform({ os, architecture, variant }), wanted: formatPlatform(wanted) };
}
