import type { Digest } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import { chooseInstance, guessMediaType, isIndexMediaType, parseImageIndex } from "@drayage/manifest";
import { type DockerReference, formatReference, parseNormalizedNamed } from "@drayage/reference";
import type { ImageRecord, Store, StoreView } from "@drayage/storage";
import { manifestKey } from "./big-data.ts";
import { type ContainersStorageReference, scheme } from "./reference.ts";

/**
 * The image that a reference means: the one with this ID, or beginning of an ID; with this name; of this digest and
 * repository (containers/image).
 *
 * @throws `ERR_DRAYAGE_IMAGE_NOT_FOUND`, `ERR_DRAYAGE_AMBIGUOUS`
 */
export async function resolveRecord(
  store: Store,
  view: StoreView,
  reference: ContainersStorageReference,
): Promise<ImageRecord> {
  const found = await findRecord(store, view, reference);
  if (found !== undefined) return found;
  const place = store.graphRoot === undefined ? "the store" : `the store ${JSON.stringify(store.graphRoot)}`;
  throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `${place} has no image ${scheme}:${reference.text}`, {
    hint: "dray images lists those that are there",
  });
}

/** As {@link resolveRecord}; undefined where there is none. */
async function findRecord(
  store: Store,
  view: StoreView,
  { dockerReference, id, prefix }: ContainersStorageReference,
): Promise<ImageRecord | undefined> {
  if (id !== undefined) {
    const found = byId(view, id);
    const matches =
      dockerReference === undefined || (found !== undefined && isOfRepository(found, dockerReference));
    return matches ? found : undefined;
  }
  // Like the Go tools: what may be a name is none where it begins the ID of one image alone.
  const byPrefix = prefix === undefined ? undefined : unlessAmbiguous(() => byId(view, prefix));
  if (byPrefix !== undefined) return byPrefix;
  if (dockerReference === undefined) return undefined;
  const named = view.images.find(({ names }) => names.includes(formatReference(dockerReference)));
  return named ?? byDigest(store, view, dockerReference);
}

function byId(view: StoreView, id: string): ImageRecord | undefined {
  const found = view.findImage(id);
  return found?.id.startsWith(id) === true ? found : undefined;
}

function unlessAmbiguous<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_AMBIGUOUS")) return undefined;
    throw error;
  }
}

/** Whether any name of the image is of the repository. */
function isOfRepository({ names }: ImageRecord, { name }: DockerReference): boolean {
  return names.some((each) => repositoryOf(each) === name);
}

function repositoryOf(name: string): string | undefined {
  try {
    return parseNormalizedNamed(name).name;
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID")) return undefined;
    throw error;
  }
}

/** Of several images that came from one index, the one for this machine. */
async function byDigest(
  store: Store,
  view: StoreView,
  reference: DockerReference,
): Promise<ImageRecord | undefined> {
  const { digest } = reference;
  if (digest === undefined) return undefined;
  const images = view.imagesByDigest(digest).filter((image) => isOfRepository(image, reference));
  if (images.length < 2) return images[0];
  for (const image of images) {
    const bytes = await store.bigData("image", image.id, manifestKey(digest));
    const chosen = chosenInstance(bytes);
    if (chosen !== undefined && image.bigData.has(manifestKey(chosen))) return image;
  }
  return images[0];
}

/** The image of an index for this machine; undefined where there is none, and where it is no index. */
function chosenInstance(bytes: Uint8Array): Digest | undefined {
  const mediaType = guessMediaType(bytes);
  if (!isIndexMediaType(mediaType)) return undefined;
  try {
    return chooseInstance(parseImageIndex(bytes, mediaType)).digest;
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_PLATFORM_NOT_FOUND")) return undefined;
    throw error;
  }
}
