import { readStoredList, type StoredList } from "@drayage/composite";
import { DrayageError } from "@drayage/errors";
import type { Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { type FoundImage, findLocalImage } from "../store/find-local-image.ts";

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
  { text, registriesConf }: { readonly text: string; readonly registriesConf?: string | undefined },
): Promise<FoundList> {
  if (text === "") throw new DrayageError("ERR_DRAYAGE_USAGE", "the list's name is empty");
  const view = await store.read({ signal });
  const found = await findLocalImage(view, text, { env, registriesConf });
  return { ...found, stored: await readStoredList(store, found.image.id, { signal }) };
}
