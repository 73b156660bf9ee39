import { throwIfAborted } from "@drayage/errors";
import type { Store } from "@drayage/storage";
import type { OperationOptions } from "@drayage/transport";
import type { BuilderState } from "../state/state.ts";
import { notOfBuildah, readState } from "../state/store-state.ts";
import { storedImage } from "./find-image.ts";
import { stateIfThere } from "./list-containers.ts";
import { storeContainer } from "./open-store-container.ts";
import type { StoreContainer } from "./store-container.ts";

export interface OpenContainerOptions extends OperationOptions {
  /** Whether a container of another tool becomes a working container, as it does for buildah; true where absent. */
  readonly import?: boolean | undefined;
}

/**
 * Opens a container by its ID, its name, the ID of its layer, or the beginning of its ID.
 *
 * @throws ERR_DRAYAGE_CONTAINER_NOT_FOUND, ERR_DRAYAGE_AMBIGUOUS, ERR_DRAYAGE_STORE_INVALID where its `buildah.json` is damaged,
 * ERR_DRAYAGE_CONTAINER_UNSUPPORTED for one of another tool that is not to be, or cannot be, imported
 */
export async function openWorkingContainer(
  store: Store,
  text: string,
  options: OpenContainerOptions = {},
): Promise<StoreContainer> {
  const { signal } = options;
  throwIfAborted(signal, "open a container");
  const record = (await store.read({ signal })).container(text);
  const state = await readState(store, record.id, { signal });
  if (state !== undefined) return storeContainer(store, state);
  if (options.import === false) throw notOfBuildah(record.id);
  const { importContainer } = await import("./import-container.ts");
  return storeContainer(
    store,
    await importContainer(store, record, { name: record.names[0] ?? text, signal }),
  );
}

/**
 * Deletes a container by its ID, name or the beginning of its ID, also one whose `buildah.json` is damaged; unmounts it first.
 *
 * @returns its ID
 * @throws ERR_DRAYAGE_CONTAINER_NOT_FOUND, ERR_DRAYAGE_AMBIGUOUS
 */
export async function removeWorkingContainer(
  store: Store,
  text: string,
  { signal }: OperationOptions = {},
): Promise<string> {
  const { id } = (await store.read({ signal })).container(text);
  await store.deleteContainer(id, { signal });
  return id;
}

/** Deletes all working containers of a store. Those of other tools stay. Gives the IDs of those that are gone. */
export async function removeWorkingContainers(
  store: Store,
  { signal }: OperationOptions = {},
): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const record of (await store.read({ signal })).containers) {
    throwIfAborted(signal, "remove containers");
    const state = await stateIfThere(store, record, { signal });
    if (state === undefined) continue;
    await storeContainer(store, state).remove({ signal });
    removed.push(record.id);
  }
  return removed;
}

/**
 * What an image of the store says, as the state of a container that is not there (`buildah inspect --type image`).
 *
 * @throws ERR_DRAYAGE_IMAGE_NOT_FOUND, ERR_DRAYAGE_AMBIGUOUS, ERR_DRAYAGE_STORE_INVALID
 */
export async function stateOfImage(
  store: Store,
  text: string,
  { signal }: OperationOptions = {},
): Promise<BuilderState> {
  const { stateOfRecord } = await import("./new-state.ts");
  return stateOfRecord(store, storedImage(await store.read({ signal }), text), { signal });
}
