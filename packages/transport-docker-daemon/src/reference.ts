import { type Digest, digestAlgorithm, isDigest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import {
  type DockerReference,
  familiarName,
  familiarString,
  isNameOnly,
  parseNormalizedNamed,
} from "@drayage/reference";
import type { ImageReference } from "@drayage/transport";

export const scheme = "docker-daemon";

/** An image of a docker daemon: either by a name, with a tag or a digest, or by its ID. */
export interface DaemonReference extends ImageReference {
  readonly dockerReference?: DockerReference | undefined;
  /** The digest of its config. To read and to delete only. */
  readonly imageId?: Digest | undefined;
}

/**
 * `NAME:TAG`, `NAME@DIGEST` or `sha256:IMAGEID`, with the rules of containers/image (docker/daemon): what a daemon could
 * understand in two ways is refused.
 *
 * @throws `ERR_DRAYAGE_REFERENCE_INVALID`
 */
export function parseDaemonReference(text: string): DaemonReference {
  if (isDigest(text)) {
    if (digestAlgorithm(text) === "sha256") return { text, imageId: text };
    throw invalid(text, "image IDs are of sha256", "write sha256:IMAGEID, or NAME:TAG");
  }
  const named = parseNormalizedNamed(text);
  if (familiarName(named) === "sha256") {
    throw invalid(text, "no image can be called sha256", "an image ID has 64 hex digits after sha256:");
  }
  if (isNameOnly(named)) {
    throw invalid(text, "it has neither a tag nor a digest", `write ${familiarString(named)}:TAG`);
  }
  if (named.tag !== undefined && named.digest !== undefined) {
    throw invalid(text, "it has both a tag and a digest", "leave out one of them");
  }
  return { text: familiarString(named), dockerReference: named };
}

/** The name that a written image gets. Throws `ERR_DRAYAGE_REFERENCE_INVALID` where the reference has none. */
export function writtenName({ text, dockerReference }: DaemonReference): DockerReference {
  if (dockerReference?.tag !== undefined) return dockerReference;
  throw invalid(text, "an image that is written is named by its tag", "write NAME:TAG");
}

/** The reference as messages name it. */
export function labelOf({ text }: DaemonReference): string {
  return `${scheme}:${text}`;
}

function invalid(text: string, reason: string, hint: string): DrayageError {
  const shown = text.length > 300 ? `${text.slice(0, 60)}…` : text;
  return new DrayageError(
    "ERR_DRAYAGE_REFERENCE_INVALID",
    `${JSON.stringify(shown)} is not a reference to an image of a docker daemon: ${reason}`,
    { hint },
  );
}
