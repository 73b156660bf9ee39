import { type Digest, digestAlgorithm } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import {
  type DockerReference,
  familiarString,
  isNameOnly,
  parseNormalizedNamed,
  tagNameOnly,
  trimNamed,
  withDigest,
} from "@drayage/reference";
import type { ImageReference } from "@drayage/transport";

export const scheme = "docker";

const start = "//";
const unknownDigest = "@@unknown-digest@@";

/** An image in a registry. */
export interface DockerImageReference extends ImageReference {
  /** In full: `docker.io/library/busybox:latest`. A name alone where the image is pushed by its digest only. */
  readonly dockerReference: DockerReference;
  /** Set where the image is pushed under no tag: `//name@@unknown-digest@@`. There is nothing to read there. */
  readonly withoutTag?: true | undefined;
}

/**
 * `//name[:tag][@digest]`, the name filled in as docker does, or `//name@@unknown-digest@@`.
 *
 * @throws `ERR_DRAYAGE_REFERENCE_INVALID`
 */
export function parseDockerImage(text: string): DockerImageReference {
  if (!text.startsWith(start)) {
    const name = text.replace(/^\/+/, "");
    throw new DrayageError(
      "ERR_DRAYAGE_REFERENCE_INVALID",
      `${scheme}:${shortened(text)} does not start with ${scheme}:${start}`,
      { hint: `write ${scheme}:${start}${name === "" ? "NAME[:TAG]" : shortened(name)}` },
    );
  }
  const written = text.slice(start.length);
  if (!written.endsWith(unknownDigest)) return imageReference(tagNameOnly(parseNormalizedNamed(written)));
  const named = parseNormalizedNamed(written.slice(0, -unknownDigest.length));
  if (isNameOnly(named)) return imageReference(named);
  throw new DrayageError(
    "ERR_DRAYAGE_REFERENCE_INVALID",
    `${JSON.stringify(shortened(written))} has a tag or a digest, and asks for none`,
    { hint: `leave out either ${unknownDigest} or what stands between the name and it` },
  );
}

/** What a docker name stands for as an image in a registry; a name alone for an image that is pushed under no tag. */
export function imageReference(named: DockerReference): DockerImageReference {
  const text = `${start}${familiarString(named)}`;
  return isNameOnly(named)
    ? { text: `${text}${unknownDigest}`, dockerReference: named, withoutTag: true }
    : { text, dockerReference: named };
}

/** The name to read by: of tag and digest the digest. Throws `ERR_DRAYAGE_REFERENCE_INVALID` where there is neither. */
export function readReference({ text, dockerReference }: DockerImageReference): DockerReference {
  if (isNameOnly(dockerReference)) {
    throw new DrayageError(
      "ERR_DRAYAGE_REFERENCE_INVALID",
      `${JSON.stringify(text)} names no image: it has neither a tag nor a digest`,
      { hint: `${unknownDigest} is for an image that is pushed; write a tag or a digest to read one` },
    );
  }
  const { digest } = dockerReference;
  return digest === undefined ? dockerReference : withDigest(trimNamed(dockerReference), digest);
}

/** The tag or digest that a registry is asked for. */
export function tagOrDigest({ tag, digest }: DockerReference): string {
  const found = digest ?? tag;
  if (found === undefined) throw new TypeError("a reference without tag and digest is asked for nothing");
  return found;
}

/** The algorithm in which an image's digest is told: that of the reference's own digest. */
export function algorithmOf({
  digest,
}: {
  readonly digest?: Digest | undefined;
}): "sha256" | "sha384" | "sha512" {
  return digest === undefined ? "sha256" : digestAlgorithm(digest);
}

/** The reference as messages name it. */
export function labelOf({ dockerReference }: DockerImageReference): string {
  return `${scheme}:${start}${familiarString(dockerReference)}`;
}

function shortened(text: string): string {
  return text.length > 300 ? `${text.slice(0, 60)}…` : text;
}
