import { type Digest, isDigest } from "@drayage/digest";
import { DrayageError, isDrayageError, throwIfAborted } from "@drayage/errors";
import { type Descriptor, manifestLimit } from "@drayage/manifest";
import type { ImageRecord, Store, StoreOptions } from "@drayage/storage";
import { addEntries, emptyList, type ImageList, parseList, removeEntry } from "./image-list.ts";
import { type ListArtifacts, noArtifacts, parseArtifacts, withoutArtifact } from "./list-artifacts.ts";

export const manifestKey = "manifest";
export const instancesKey = "instances.json";
export const artifactsKey = "artifacts.json";
const instancesLimit = 64 * 1024 * 1024;

/** A list as a store keeps it: an image without layers that buildah, podman and drayage change (containers/common, `libimage/manifests`). */
export interface ListContents {
  readonly list: ImageList;
  /** Where the image of each entry was found, as `transport:details` in the spelling of the Go tools. */
  readonly instances: ReadonlyMap<Digest, string>;
  readonly artifacts: ListArtifacts;
}

export interface StoredList extends ListContents {
  /** The image's. */
  readonly id: string;
}

export const noContents: ListContents = Object.freeze({
  list: emptyList,
  instances: new Map(),
  artifacts: noArtifacts,
});

/** Takes an entry of a list away, and all that is known of it. @throws `ERR_DRAYAGE_IMAGE_NOT_FOUND` */
export function withoutImage({ list, instances, artifacts }: ListContents, digest: Digest): ListContents {
  return {
    list: removeEntry(list, digest),
    instances: new Map([...instances].filter(([key]) => key !== digest)),
    artifacts: withoutArtifact(artifacts, digest),
  };
}

/** Adds entries for images, and where each is, as {@link import("./list-place.ts").placeText} writes it. */
export function withImages(
  { list, instances, artifacts }: ListContents,
  entries: readonly Descriptor[],
  placeOf: (digest: Digest) => string,
): ListContents {
  const places = entries.map(({ digest }) => [digest, instances.get(digest) ?? placeOf(digest)] as const);
  return { list: addEntries(list, entries), instances: new Map([...instances, ...places]), artifacts };
}

/** Whether an image of a store is a list that can be changed. */
export function isStoredList({ bigData }: ImageRecord): boolean {
  return bigData.has(manifestKey) && bigData.has(instancesKey);
}

/**
 * Reads a list of a store.
 *
 * @throws `ERR_DRAYAGE_MANIFEST_UNSUPPORTED` for an image that is none; `ERR_DRAYAGE_STORE_INVALID`
 */
export async function readStoredList(
  store: Store,
  id: string,
  { signal }: StoreOptions = {},
): Promise<StoredList> {
  throwIfAborted(signal, "read a list");
  const view = await store.read({ signal });
  const image = view.images.find((each) => each.id === id);
  const what = `the list ${id.slice(0, 12)}`;
  if (image === undefined)
    throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `the store has no image ${id}`);
  if (!isStoredList(image)) {
    throw new DrayageError(
      "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
      `the image ${image.names[0] ?? id.slice(0, 12)} is no list of images`,
      { hint: "dray manifest create makes one" },
    );
  }
  const read = (key: string, limit: number): Promise<Uint8Array> =>
    store.bigData("image", id, key, { limit });
  const list = parseStored(await read(manifestKey, manifestLimit), what);
  const instances = parseInstances(await read(instancesKey, instancesLimit), what);
  const artifacts = image.bigData.has(artifactsKey)
    ? parseArtifacts(await read(artifactsKey, instancesLimit), what)
    : noArtifacts;
  return { id, list, instances, artifacts };
}

function parseStored(bytes: Uint8Array, what: string): ImageList {
  try {
    return parseList(bytes);
  } catch (cause) {
    if (!isDrayageError(cause)) throw cause;
    throw new DrayageError("ERR_DRAYAGE_STORE_INVALID", `${what}: ${cause.message}`, { cause });
  }
}

function parseInstances(bytes: Uint8Array, what: string): ReadonlyMap<Digest, string> {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new DrayageError("ERR_DRAYAGE_STORE_INVALID", `${what}: ${instancesKey} is damaged`, { cause });
  }
  const instances = new Map<Digest, string>();
  for (const [key, value] of Object.entries(document ?? {})) {
    // The empty key has the list's own id.
    if (key === "") continue;
    if (!isDigest(key) || typeof value !== "string") {
      throw new DrayageError(
        "ERR_DRAYAGE_STORE_INVALID",
        `${what}: ${instancesKey} is damaged: ${JSON.stringify(key)}`,
      );
    }
    instances.set(key, value);
  }
  return instances;
}
