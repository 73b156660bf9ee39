import { DrayageError, isDrayageError } from "@drayage/errors";
import {
  type DockerReference,
  formatReference,
  parseNormalizedNamed,
  parseReference,
  tagNameOnly,
} from "@drayage/reference";
import type { ImageRecord, StoreView } from "@drayage/storage";

/**
 * The image of a store that a text means: its ID, a whole name, a name of `localhost/` or docker.io, a digest, the beginning of an ID, or the last part of the
 * names of one image.
 *
 * @throws ERR_DRAYAGE_AMBIGUOUS
 */
export function findStoredImage(view: StoreView, text: string): ImageRecord | undefined {
  const id = text.replace(/^sha256:/, "");
  const isIdLike = /^[0-9a-f]{3,64}$/.test(id);
  return (
    view.images.find((image) => image.id === id) ??
    byName(view, text) ??
    view.images.find(({ digests }) => digests.some((digest) => digest === text)) ??
    (isIdLike ? view.findImage(id) : undefined) ??
    byLastPart(view, text)
  );
}

/** As {@link findStoredImage}. Throws ERR_DRAYAGE_IMAGE_NOT_FOUND where there is none. */
export function storedImage(view: StoreView, text: string): ImageRecord {
  const found = findStoredImage(view, text);
  if (found !== undefined) return found;
  throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `the store has no image ${JSON.stringify(text)}`, {
    hint: "pull it, or say where it is: docker://NAME",
  });
}

function byName({ images }: StoreView, text: string): ImageRecord | undefined {
  const exact = images.find(({ names }) => names.includes(text));
  if (exact !== undefined) return exact;
  for (const reference of candidates(text)) {
    const name = formatReference(reference);
    const { digest } = reference;
    const found = images.find(
      ({ names, digests }) =>
        names.includes(name) ||
        (digest !== undefined &&
          digests.includes(digest) &&
          names.some((each) => referenceOf(each)?.name === reference.name)),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

function candidates(text: string): readonly DockerReference[] {
  const written = referenceOf(text);
  if (written === undefined) return [];
  const texts = saysRegistry(text) ? [text] : [`localhost/${text}`, text];
  return texts.map((each) => tagNameOnly(withoutTagBesideDigest(parseNormalizedNamed(each))));
}

/** With a digest the tag says nothing more. */
function withoutTagBesideDigest(reference: DockerReference): DockerReference {
  if (reference.digest === undefined || reference.tag === undefined) return reference;
  return parseNormalizedNamed(`${reference.name}@${reference.digest}`);
}

export function saysRegistry(text: string): boolean {
  const first = text.slice(0, Math.max(text.indexOf("/"), 0));
  return first === "localhost" || /[.:]/.test(first);
}

/** `stable` for `quay.io/podman/stable`, where only one image has such a name. */
function byLastPart({ images }: StoreView, text: string): ImageRecord | undefined {
  const wanted = referenceOf(text);
  if (wanted === undefined || saysRegistry(text) || wanted.digest !== undefined) return undefined;
  const { name, tag = "latest" } = wanted;
  const found = images.filter(({ names }) =>
    names.some((each) => {
      const reference = referenceOf(each);
      return reference?.tag === tag && reference.name.endsWith(`/${name}`);
    }),
  );
  if (found.length < 2) return found[0];
  throw new DrayageError(
    "ERR_DRAYAGE_AMBIGUOUS",
    `${JSON.stringify(text)} may be ${found.map((image) => image.names[0]).join(" or ")}`,
    { hint: "write the whole name" },
  );
}

function referenceOf(text: string): DockerReference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID")) return undefined;
    throw error;
  }
}
