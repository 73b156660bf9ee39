import { type Blob, streamBlob } from "@drayage/blob";
import { type LayerKey, treeKey } from "@drayage/build-context";
import { packTree } from "@drayage/pack";
import type { ContainerRecord, LayerRecord, RepackOptions, Store } from "@drayage/storage";
import type { OperationOptions } from "@drayage/transport";
import type { BuilderState } from "../state/state.ts";
import type { CommitFacts } from "./commit-facts.ts";

/** A layer that has yet to be made of files. */
export interface LayerToMake {
  readonly tar: Blob;
  /** Made anew at each call; undefined where its files cannot be told by what is told of them. */
  key(options: OperationOptions): Promise<LayerKey | undefined>;
  /** What has to be known of it besides: told when it was read, or by the cache. */
  readonly note?: LayerNote | undefined;
}

export interface LayerNote {
  get(): string;
  set(text: string): void;
}

export type ContainerLayer =
  /** One of the base, whose tar the store gives. */
  | { readonly kind: "reused"; readonly record: LayerRecord }
  | { readonly kind: "new"; readonly layer: LayerToMake };

/** The layers of an image to be, the base first. Disposed of, what was mounted for them is not any more. */
export interface ContainerLayers extends AsyncDisposable {
  readonly container: ContainerRecord;
  readonly layers: readonly ContainerLayer[];
}

/**
 * The layers that the image of a container will have: those of the base, and what changed; all files in one where it is squashed.
 * The bytes are those of buildah 1.28.
 *
 * @throws `ERR_DRAYAGE_CONTAINER_NOT_FOUND`, and what mounting throws where it is squashed
 */
export async function containerLayers(
  store: Store,
  state: BuilderState,
  { facts, signal }: OperationOptions & { readonly facts: CommitFacts },
): Promise<ContainerLayers> {
  const view = await store.read({ signal });
  const container = view.container(state.containerId);
  const chain = view.chain(container.layer);
  const repack: RepackOptions = { dialect: "1.43", ownerNames: false, ...facts.times };
  if (facts.squash) {
    const path = await store.mount({ container: container.id }, { signal });
    const layer = squashedLayer(store, { path, container, chain, repack: { ...repack, dialect: "copier" } });
    return {
      container,
      layers: [{ kind: "new", layer }],
      [Symbol.asyncDispose]: async () => void (await store.unmount({ container: container.id })),
    };
  }
  const layers = chain.flatMap((record): readonly ContainerLayer[] => {
    const isOwn = record.id === container.layer;
    if (isOwn && facts.emptyLayer) return [];
    if (!isOwn && record.diffDigest !== undefined) return [{ kind: "reused", record }];
    return [{ kind: "new", layer: changedLayer(store, record, repack) }];
  });
  return { container, layers, [Symbol.asyncDispose]: async () => {} };
}

/** What a layer changes. */
function changedLayer(store: Store, record: LayerRecord, settings: RepackOptions): LayerToMake {
  const { id, parent, uidMap, gidMap } = record;
  const repack: RepackOptions = { ...settings, uidMap, gidMap };
  return {
    tar: store.diffBlob(record, { repack }),
    async key(options) {
      const folder = store.ownFolder(id);
      // What is below stays as it is: a layer's id is made of its content, or random.
      const settings = { kind: "changes", version, parent, repack };
      return folder === undefined ? undefined : treeKey(folder, settings, options);
    },
  };
}

/** All files of a container. */
function squashedLayer(
  store: Store,
  {
    path,
    container,
    chain,
    repack,
  }: {
    readonly path: string;
    readonly container: ContainerRecord;
    readonly chain: readonly LayerRecord[];
    readonly repack: RepackOptions;
  },
): LayerToMake {
  const { layer, uidMap, gidMap } = container;
  const below = chain.filter(({ id }) => id !== layer).map(({ id }) => id);
  return {
    tar: streamBlob(({ signal, borrow }) => packTree(path, { ...repack, uidMap, gidMap, signal, borrow }), {
      what: `the files of the container ${container.id.slice(0, 12)}`,
      borrows: true,
    }),
    async key(options) {
      const folder = store.ownFolder(layer);
      const settings = { kind: "squash", version, below, repack, uidMap, gidMap };
      return folder === undefined ? undefined : treeKey(folder, settings, options);
    },
  };
}

/** Raised when the same files give other bytes than before. */
const version = 1;
