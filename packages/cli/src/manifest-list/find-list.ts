import { isStoredList, readStoredList, type StoredList } from "@drayage/composite";
import { DrayageError, isDrayageError } from "@drayage/errors";
import type { Store, StoreView } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { type RegistriesPlace, registriesPlace } from "../registries-place.ts";
import { type FindLocalOptions, type FoundImage, findLocalImage } from "../store/find-local-image.ts";

export interface FoundList extends FoundImage {
  readonly stored: StoredList;
}

/**
 * The list of the store that a person means.
 *
 * @throws `ERR_DRAYAGE_IMAGE_NOT_FOUND`, `ERR_DRAYAGE_AMBIGUOUS`, `ERR_DRAYAGE_MANIFEST_UNSUPPORTED` for an image that is no list
 */
export async function findList(
  { env, signal }: DrayContext,
  store: Store,
  { text, ...flags }: RegistriesPlace & { readonly text: string },
): Promise<FoundList> {
  if (text === "") throw new DrayageError("ERR_DRAYAGE_USAGE", "the list's name is empty");
  const view = await store.read({ signal });
  const found = await imageOf(view, text, { env, ...registriesPlace(flags) });
  if (!isStoredList(found.image)) {
    throw new DrayageError("ERR_DRAYAGE_MANIFEST_UNSUPPORTED", `${found.name ?? text} is no list of images`, {
      hint: "dray manifest create makes one; dray rmi removes an image",
    });
  }
  return { ...found, stored: await readStoredList(store, found.image.id, { signal }) };
}

async function imageOf(view: StoreView, text: string, options: FindLocalOptions): Promise<FoundImage> {
  try {
    return await findLocalImage(view, text, options);
  } catch (error) {
    if (!isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) throw error;
    throw new DrayageError(error.code, `the store has no list ${JSON.stringify(text)}`, {
      hint: `dray manifest create ${text} makes it; dray images lists those that are there`,
      cause: error,
    });
  }
}
