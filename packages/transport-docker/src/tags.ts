import { DrayageError, isDrayageError } from "@drayage/errors";
import { type DockerReference, familiarName, parseNormalizedNamed, withTag } from "@drayage/reference";

/**
 * The further tags that an image is pushed under: each a tag alone, or `name:tag` of the image's own repository.
 *
 * @throws `ERR_DRAYAGE_REFERENCE_INVALID`
 */
export function additionalTagsOf(texts: readonly string[], reference: DockerReference): readonly string[] {
  const tags = texts.map((text) => tagOf(text, reference)).filter((tag) => tag !== reference.tag);
  return [...new Set(tags)];
}

function tagOf(text: string, reference: DockerReference): string {
  if (!/[/:@]/.test(text)) return withTag(reference, text).tag ?? text;
  const named = parsed(text);
  const { name, tag, digest } = named;
  if (name === reference.name && tag !== undefined && digest === undefined) return tag;
  const repository = familiarName(reference);
  throw new DrayageError(
    "ERR_DRAYAGE_REFERENCE_INVALID",
    name === reference.name
      ? `the additional tag ${JSON.stringify(text)} is no tag`
      : `the additional tag ${JSON.stringify(text)} is in another repository than ${repository}`,
    {
      hint:
        name === reference.name
          ? `write TAG or ${repository}:TAG`
          : `write TAG or ${repository}:TAG; copy the image once more for another repository`,
    },
  );
}

function parsed(text: string): DockerReference {
  try {
    return parseNormalizedNamed(text.replace(/^(?:docker:)?\/\//, ""));
  } catch (error) {
    if (!isDrayageError(error)) throw error;
    const { code, message, hint } = error;
    throw new DrayageError(code, `additional tag: ${message}`, { hint, cause: error });
  }
}
