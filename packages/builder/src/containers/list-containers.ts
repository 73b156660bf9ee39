import { isDrayageError } from "@drayage/errors";
import type { ContainerRecord, Store, StoreView } from "@drayage/storage";
import type { OperationOptions } from "@drayage/transport";
import type { BuilderState } from "../state/state.ts";
import { readState } from "../state/store-state.ts";
import type { ListedContainer } from "./listed.ts";

export interface ListContainersOptions extends OperationOptions {
  /** Those of other tools, too. */
  readonly all?: boolean | undefined;
  /** Is told of a container whose `buildah.json` is damaged; it is listed as one of another tool. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
}

/** The containers of a store, in its order. Those that are gone meanwhile are left out. */
export async function listWorkingContainers(
  store: Store,
  options: ListContainersOptions = {},
): Promise<readonly ListedContainer[]> {
  const { all = false, signal } = options;
  const view = await store.read({ signal });
  const listed = await Promise.all(
    view.containers.map(async (record) => {
      const state = await stateIfThere(store, record, options);
      if (state === undefined && !all) return [];
      return [listing(view, record, { state, all })];
    }),
  );
  return listed.flat();
}

function listing(
  view: StoreView,
  record: ContainerRecord,
  { state, all }: { readonly state: BuilderState | undefined; readonly all: boolean },
): ListedContainer {
  const imageId = all || state === undefined ? (record.image ?? "") : state.fromImageId;
  const image = view.images.find(({ id }) => id === imageId);
  return {
    id: record.id,
    name: (all ? undefined : state?.container) ?? record.names[0] ?? "",
    builder: state !== undefined,
    imageId,
    imageName: imageId === "" ? "scratch" : (image?.names[0] ?? ""),
  };
}

/** Undefined for those of other tools, that are gone, or that are damaged. */
export async function stateIfThere(
  store: Store,
  { id }: ContainerRecord,
  { signal, onWarning }: ListContainersOptions = {},
): Promise<BuilderState | undefined> {
  try {
    return await readState(store, id, { signal });
  } catch (error) {
    if (!isDrayageError(error)) throw error;
    if (error.code === "ERR_DRAYAGE_STORE_INVALID" || error.code === "ERR_DRAYAGE_LIMIT_EXCEEDED") {
      onWarning?.(error.message);
      return undefined;
    }
    const isOther =
      error.code === "ERR_DRAYAGE_CONTAINER_NOT_FOUND" || error.code === "ERR_DRAYAGE_CONTAINER_UNSUPPORTED";
    if (!isOther) throw error;
    return undefined;
  }
}
