import { formatReference } from "@drayage/reference";
import type { Store } from "@drayage/storage";
import type { DestinationOptions } from "@drayage/transport";
import type { ContainersStorageReference } from "./reference.ts";
import { resolveRecord } from "./resolve.ts";

/**
 * Deletes an image with all its names, and the layers that nothing else needs; with `tagOnly` only the name of the reference.
 * Throws `ERR_DRAYAGE_IMAGE_NOT_FOUND`, `ERR_DRAYAGE_IN_USE`.
 */
export async function deleteStored(
  reference: ContainersStorageReference,
  store: Store,
  { signal, tagOnly = false }: DestinationOptions,
): Promise<void> {
  const image = await resolveRecord(store, await store.read({ signal }), reference);
  const { dockerReference } = reference;
  const name = dockerReference === undefined ? undefined : formatReference(dockerReference);
  if (tagOnly && name !== undefined && image.names.includes(name)) {
    await store.removeNames("image", image.id, [name], { signal });
  } else {
    await store.deleteImage(image.id, { signal });
  }
}
