import { DrayageError } from "@drayage/errors";
import { formatReference, parseNormalizedNamed, tagNameOnly } from "@drayage/reference";
import type { StoreView } from "@drayage/storage";
import { invalid } from "./invalid.ts";
import { type ContainersStorageReference, isFullId } from "./reference.ts";

/** The ID that an image is to be stored under, where the reference says one; its beginning only stands for an image that is there. */
export function wantedId({ id, text }: ContainersStorageReference, view: StoreView): string | undefined {
  if (id === undefined || isFullId(id)) return id;
  const found = view.findImage(id);
  if (found?.id.startsWith(id) === true) return found.id;
  throw invalid(
    text,
    `no image's ID begins with ${id}`,
    "to store a new image write its whole ID, or a name",
  );
}

/** The names that an image is to get: that of the reference, and the additional ones, which say their tags. */
export function wantedNames(
  { dockerReference }: ContainersStorageReference,
  additional: readonly string[] = [],
): readonly string[] {
  const own = dockerReference === undefined ? [] : [formatReference(dockerReference)];
  return [...new Set([...own, ...additional.map(additionalName)])];
}

function additionalName(text: string): string {
  const reference = parseNormalizedNamed(text);
  if (reference.tag !== undefined) return formatReference(tagNameOnly(reference));
  throw new DrayageError(
    "ERR_DRAYAGE_REFERENCE_INVALID",
    `${JSON.stringify(text)} is no additional name: it says no tag`,
    { hint: "write NAME:TAG" },
  );
}
