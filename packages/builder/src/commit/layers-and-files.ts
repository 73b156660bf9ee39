import { folderRoot, type RootView } from "@drayage/build-context";
import { toContainer } from "@drayage/pack";
import type { ContainerRecord, Store } from "@drayage/storage";
import type { OperationOptions } from "@drayage/transport";
import type { BuilderState } from "../state/state.ts";
import { type AddedFiles, type AddedFilesOptions, addedFilesLayer, hasFiles } from "./added-files.ts";
import { type ContainerLayers, type ContainerLayersOptions, containerLayers } from "./container-layers.ts";
import { type MergedLayer, mergedTars } from "./merged-layer.ts";

interface Options extends ContainerLayersOptions {
  readonly addFiles: AddedFiles | undefined;
}

/**
 * {@link containerLayers} with files that the image gets besides: in a layer of their own, or, where the container is squashed, in the place
 * of what it has there.
 *
 * @throws as {@link containerLayers} and `addedFilesLayer`
 */
export async function layersAndFiles(
  store: Store,
  state: BuilderState,
  { addFiles, ...options }: Options,
): Promise<ContainerLayers> {
  const own = await containerLayers(store, state, options);
  if (!hasFiles(addFiles)) return own;
  const { facts, temporaryDir, signal } = options;
  const open: AsyncDisposable[] = [own];
  const close = async (): Promise<void> => {
    for (const each of open.splice(0).toReversed()) await each[Symbol.asyncDispose]();
  };
  const { container } = own;
  const keep = { container, [Symbol.asyncDispose]: close };
  try {
    const added = await besides(store, container, { addFiles, facts, temporaryDir, signal });
    open.push(added);
    if (!facts.squash) {
      return { ...keep, layers: [...own.layers, { kind: "new", layer: added.layer, isAdded: true }] };
    }
    const tars = own.layers.flatMap((layer) => (layer.kind === "new" ? [layer.layer.tar] : []));
    const what = "the files of the container and those that are added";
    const merged = await mergedTars([...tars, added.layer.tar], {
      ...{ times: facts.times, temporaryDir, signal, what },
    });
    open.push(merged);
    return { ...keep, layers: [{ kind: "new", layer: merged.layer }] };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The layer, for which the container is mounted while files are looked for. */
async function besides(
  store: Store,
  container: ContainerRecord,
  {
    addFiles,
    signal,
    ...options
  }: Omit<AddedFilesOptions, "rootFor"> & OperationOptions & { addFiles: AddedFiles },
): Promise<MergedLayer> {
  const root = containerRoot(await store.mount({ container: container.id }, { signal }), container);
  try {
    return await addedFilesLayer(addFiles, { ...options, signal, rootFor: () => root });
  } finally {
    await store.unmount({ container: container.id });
  }
}

/** The files of a mounted container, with the owners that they have inside. */
function containerRoot(path: string, { uidMap, gidMap }: ContainerRecord): RootView {
  const root = folderRoot(path, { xattrs: true });
  return {
    ...root,
    async lookup(place) {
      const entry = await root.lookup(place);
      return entry && { ...entry, ...toContainer(entry, { uidMap, gidMap }) };
    },
  };
}
