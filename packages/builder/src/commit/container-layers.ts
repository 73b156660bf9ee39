import { type Blob, streamBlob } from "@drayage/blob";
import { type LayerKey, treeKey } from "@drayage/build-context";
import { packTree } from "@drayage/pack";
import type { ContainerRecord, LayerRecord, RepackOptions, Store } from "@drayage/storage";
import type { OperationOptions } from "@drayage/transport";
import type { BuilderState } from "../state/state.ts";
import type { CommitFacts } from "./commit-facts.ts";
import { mergedTars } from "./merged-layer.ts";

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
  | {
      readonly kind: "new";
      readonly layer: LayerToMake;
      /** Whether it is that of files which the image gets besides. */
      readonly isAdded?: boolean | undefined;
    };

/** The layers of an image to be, the base first. Disposed of, what was mounted for them is not any more. */
export interface ContainerLayers extends AsyncDisposable {
  readonly container: ContainerRecord;
  readonly layers: readonly ContainerLayer[];
}

export interface ContainerLayersOptions extends OperationOptions {
  readonly facts: CommitFacts;
  /** Where a layer waits that is read more than once: `$TMPDIR` or /var/tmp where absent. */
  readonly temporaryDir?: string | undefined;
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
  { facts, temporaryDir, signal }: ContainerLayersOptions,
): Promise<ContainerLayers> {
  const view = await store.read({ signal });
  const container = view.container(state.containerId);
  const chain = view.chain(container.layer);
  const repack: RepackOptions = { dialect: "1.43", ownerNames: false, ...facts.times };
  if (facts.squash && isMappedByMount(container, chain)) {
    // No folder has all files with ids of one kind; the tars of the layers have.
    const { uidMap, gidMap } = container;
    const tars = chain.map(
      (record) =>
        changedLayer(store, record.id === container.layer ? { ...record, uidMap, gidMap } : record, repack)
          .tar,
    );
    const what = filesOf(container);
    const merged = await mergedTars(tars, { times: facts.times, temporaryDir, signal, what });
    return {
      container,
      layers: [{ kind: "new", layer: merged.layer }],
      [Symbol.asyncDispose]: () => merged[Symbol.asyncDispose](),
    };
  }
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

/**
 * Whether only a mount gives the files of a container the ids of its user namespace, as on overlay: those of its base have other ones
 * below, and what it changed has the namespace's.
 */
function isMappedByMount({ layer, uidMap, gidMap }: ContainerRecord, chain: readonly LayerRecord[]): boolean {
  const own = chain.find(({ id }) => id === layer);
  return (
    uidMap.length + gidMap.length > 0 && own !== undefined && own.uidMap.length + own.gidMap.length === 0
  );
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
      what: filesOf(container),
      borrows: true,
    }),
    async key(options) {
      const folder = store.ownFolder(layer);
      const settings = { kind: "squash", version, below, repack, uidMap, gidMap };
      return folder === undefined ? undefined : treeKey(folder, settings, options);
    },
  };
}

function filesOf({ id }: ContainerRecord): string {
  return `the files of the container ${id.slice(0, 12)}`;
}

/** Raised when the same files give other bytes than before. */
const version = 1;
