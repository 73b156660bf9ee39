import { isDrayageError } from "@drayage/errors";
import { type DockerReference, parseNormalizedNamed } from "@drayage/reference";
import type { Store } from "@drayage/storage";
import type { SourceOptions } from "@drayage/transport";
import type { ContainersStorageReference } from "./reference.ts";
import { resolveRecord } from "./resolve.ts";

/** The tags that a repository has in the store, in the store's order; of an ID the image's names. */
export async function tagsOf(
  reference: ContainersStorageReference,
  store: Store,
  { signal }: SourceOptions,
): Promise<readonly string[]> {
  const view = await store.read({ signal });
  const { dockerReference } = reference;
  if (dockerReference === undefined) return (await resolveRecord(store, view, reference)).names;
  const names = view.images.flatMap((image) => image.names).flatMap(referenceOf);
  const tags = names.flatMap(({ name, tag }) =>
    name === dockerReference.name && tag !== undefined ? [tag] : [],
  );
  return [...new Set(tags)];
}

/** Names that are no docker names are none of a repository. */
function referenceOf(name: string): readonly DockerReference[] {
  try {
    return [parseNormalizedNamed(name)];
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID")) return [];
    throw error;
  }
}
