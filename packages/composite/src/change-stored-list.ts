import { digestBytes, parseDigest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { encodeGoJson } from "@drayage/manifest";
import {
  type BigDataItem,
  type ImageRecord,
  randomId,
  type Store,
  type StoreOptions,
} from "@drayage/storage";
import { encodeList, type ListFormat } from "./encode-list.ts";
import { bothArtifacts, encodeArtifacts } from "./list-artifacts.ts";
import {
  artifactsKey,
  instancesKey,
  type ListContents,
  manifestKey,
  noContents,
  readStoredList,
  type StoredList,
} from "./stored-list.ts";

/** Gives what a list is to have after what it has. It must not wait for anything. */
export type ListChange = (before: ListContents) => ListContents;

interface NamedListOptions extends StoreOptions {
  /** The whole name: `localhost/app:latest`. */
  readonly name: string;
  /** `new` where absent. */
  readonly format?: ListFormat | undefined;
}

export interface CreateListOptions extends NamedListOptions {
  readonly contents?: ListContents | undefined;
  /** Takes the name from the image that has it, in the step that makes the list. */
  readonly replace?: boolean | undefined;
}

/**
 * Adds a list to a store.
 *
 * @throws `ERR_DRAYAGE_NAME_TAKEN` where the name is another image's, unless that is to be replaced
 */
export async function createStoredList(
  store: Store,
  { name, contents = noContents, format = "new", replace = false, signal }: CreateListOptions,
): Promise<StoredList> {
  await using _lock = await lockName(store, name, signal);
  const taken = await imageNamed(store, name, signal);
  if (taken !== undefined && !replace) {
    throw new DrayageError(
      "ERR_DRAYAGE_NAME_TAKEN",
      `the name ${JSON.stringify(name)} is that of the image ${taken.slice(0, 12)}`,
      {
        hint: "choose another name, put the list in its place (--replace), or change the list that it is (--amend)",
      },
    );
  }
  // The lock is given back after that.
  return await addList(store, contents, { name, format, signal });
}

export interface AmendListOptions extends NamedListOptions {
  readonly change: ListChange;
}

/**
 * Changes the list of a name, or adds one where the store has none.
 *
 * @throws `ERR_DRAYAGE_MANIFEST_UNSUPPORTED` where the name is that of an image
 */
export async function amendStoredList(
  store: Store,
  { name, change, format = "new", signal }: AmendListOptions,
): Promise<StoredList> {
  await using _lock = await lockName(store, name, signal);
  const there = await imageNamed(store, name, signal);
  // The lock is given back after that.
  return there === undefined
    ? await addList(store, change(noContents), { name, format, signal })
    : await changeStoredList(store, there, { change, format, signal });
}

/** Of two who make a list of one name at the same time the second one has to see the first one's. */
function lockName(store: Store, name: string, signal: AbortSignal | undefined): Promise<AsyncDisposable> {
  return store.lockDigest(digestBytes(new TextEncoder().encode(name)), { signal });
}

async function imageNamed(
  store: Store,
  name: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const { images } = await store.read({ signal });
  return images.find(({ names }) => names.includes(name))?.id;
}

async function addList(
  store: Store,
  contents: ListContents,
  { name, format, signal }: NamedListOptions & { readonly format: ListFormat },
): Promise<StoredList> {
  const list = { ...contents, id: randomId() };
  const bigData = [listOf(list, format), ...placesOf(list)];
  await store.commitImage({ id: list.id, layers: [], names: [name], bigData }, { signal });
  return list;
}

export interface ChangeListOptions extends StoreOptions {
  /** `auto` where absent. */
  readonly format?: ListFormat | undefined;
}

/**
 * Changes a list of a store, as it is by then: whatever others change in the meantime is kept. podman and drayage take the same lock;
 * buildah takes none, so a list that it has changed since it was read is read again, and `change` called once more.
 *
 * @throws `ERR_DRAYAGE_IMAGE_NOT_FOUND` where there is none, or no longer one
 */
export async function changeStoredList(
  store: Store,
  id: string,
  { format = "auto", signal, change }: ChangeListOptions & { readonly change: ListChange },
): Promise<StoredList> {
  await using _lock = await store.lockDigest(parseDigest(`sha256:${id}`), { signal });
  for (;;) {
    // Before the list itself is read: what changes in between is noticed.
    const { images } = await store.read({ signal });
    const before = await readStoredList(store, id, { signal });
    const after = { ...change(before), id };
    const commit = committer(store, { id, image: images.find((image) => image.id === id), signal });
    try {
      // The files are replaced one after the other: whoever is killed in between leaves no entry whose place is not known.
      const items = [listOf(after, format), ...placesOf(after, before)];
      const known = withPlacesOf(before, after);
      if (known !== undefined) await commit(placesOf(known));
      await commit(items);
      return after;
    } catch (error) {
      if (!(error instanceof ChangedMeanwhile)) throw error;
    }
  }
}

class ChangedMeanwhile extends Error {}

/** Replaces files of a list, unless somebody else has done so. */
function committer(
  store: Store,
  { id, image, signal }: { id: string; image: ImageRecord | undefined; signal: AbortSignal | undefined },
): (bigData: readonly BigDataItem[]) => Promise<void> {
  let last = image;
  const check = (existing: ImageRecord | undefined): void => {
    if (existing === undefined) {
      throw new DrayageError(
        "ERR_DRAYAGE_IMAGE_NOT_FOUND",
        `the list ${id.slice(0, 12)} has just been removed`,
      );
    }
    const isSame = [manifestKey, instancesKey, artifactsKey].every(
      (key) => existing.bigData.get(key)?.digest === last?.bigData.get(key)?.digest,
    );
    if (!isSame) throw new ChangedMeanwhile();
  };
  return async (bigData) => {
    last = await store.commitImage({ id, layers: [], bigData, check }, { signal });
  };
}

/** A list with the places of what it is to have as well; undefined where it has them. */
function withPlacesOf(before: StoredList, after: ListContents): StoredList | undefined {
  const isKnown =
    [...after.instances.keys()].every((digest) => before.instances.has(digest)) &&
    [...after.artifacts.manifests.keys()].every((digest) => before.artifacts.manifests.has(digest));
  if (isKnown) return undefined;
  return {
    ...before,
    instances: new Map([...before.instances, ...after.instances]),
    artifacts: bothArtifacts(before.artifacts, after.artifacts),
  };
}

function listOf({ list }: ListContents, format: ListFormat): BigDataItem {
  return { key: manifestKey, bytes: encodeList(list, format).bytes };
}

function placesOf({ instances, artifacts, id }: StoredList, before?: StoredList): readonly BigDataItem[] {
  const hasArtifacts = artifacts.manifests.size > 0 || (before?.artifacts.manifests.size ?? 0) > 0;
  return [
    { key: instancesKey, bytes: encodeGoJson(new Map<string, string>([["", id], ...instances])) },
    // Lists of those who know no artifacts stay as those have them.
    ...(hasArtifacts ? [{ key: artifactsKey, bytes: encodeArtifacts(artifacts) }] : []),
  ];
}
