import { DrayageError } from "@drayage/errors";
import { type DockerReference, parseNormalizedNamed, tagNameOnly } from "@drayage/reference";

/**
 * A name for an image of an archive: with a tag, `latest` where none is given, and without a digest.
 *
 * @throws ERR_DRAYAGE_REFERENCE_INVALID
 */
export function parseImageName(text: string): DockerReference {
  const reference = parseNormalizedNamed(text);
  if (reference.digest !== undefined) {
    throw invalid(
      text,
      "an image of an archive has no digest in its name",
      "leave out the digest, or write a tag",
    );
  }
  return tagNameOnly(reference);
}

/**
 * A further name for the image, which must say its tag, as skopeo asks of `--additional-tag`.
 *
 * @throws ERR_DRAYAGE_REFERENCE_INVALID
 */
export function parseAdditionalTag(text: string): DockerReference {
  const reference = parseNormalizedNamed(text);
  if (reference.tag === undefined) throw invalid(text, "an additional tag names its tag", "write NAME:TAG");
  return parseImageName(text);
}

function invalid(text: string, reason: string, hint: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_REFERENCE_INVALID",
    `${JSON.stringify(text)} cannot be the name of an image: ${reason}`,
    { hint },
  );
}
