import type { Digest } from "@drayage/digest";
import { isDrayageError } from "@drayage/errors";
import { type Descriptor, manifestDigest, parseManifest } from "@drayage/manifest";
import type { RawManifest } from "./contract.ts";

/**
 * What a list of referrers says of a manifest or index if that has `subject` for its subject; undefined where it has not,
 * or is malformed. As registries do (distribution-spec, "Pushing Manifests with Subject"): its annotations come along, and the
 * media type of its config stands in for an `artifactType` that it lacks.
 */
export function describeReferrer(manifest: RawManifest, subject: Digest): Descriptor | undefined {
  const parsed = parsedOf(manifest);
  if (parsed?.subject?.digest !== subject) return undefined;
  const { bytes } = manifest;
  const config = parsed.kind === "image" ? parsed.config : undefined;
  const artifactType = parsed.artifactType ?? config?.mediaType;
  return {
    mediaType: parsed.mediaType,
    digest: manifestDigest(bytes),
    size: bytes.length,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(parsed.annotations === undefined ? {} : { annotations: parsed.annotations }),
  };
}

function parsedOf({ bytes, mediaType }: RawManifest): ReturnType<typeof parseManifest> | undefined {
  try {
    return parseManifest(bytes, mediaType);
  } catch (error) {
    // What no manifest is refers to nothing.
    if (isDrayageError(error)) return undefined;
    throw error;
  }
}
