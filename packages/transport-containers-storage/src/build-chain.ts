import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import {
  type Hold,
  type LayerRecord,
  type LayerStage,
  type LayerToCommit,
  layerIdOf,
  type Store,
  type StoreView,
} from "@drayage/storage";
import type { OperationOptions } from "@drayage/transport";
import type { PutLayer } from "./put-layers.ts";

/** What a layer of an image can be made of. */
export type LayerContent =
  | { readonly kind: "put"; readonly layer: PutLayer }
  /** A layer of the store has the same content. */
  | { readonly kind: "present"; readonly diffId: Digest };

export interface ChainOptions extends OperationOptions {
  /** Told of each stage that was begun here, and that has to be discarded if nothing comes of the image. */
  readonly onStage: (stage: LayerStage) => void;
  /** Told of each layer that had to be added to the store before the image, so that others could be made on it. */
  readonly onAdded: (id: string) => void;
}

/** The layers of an image, ready to be committed with it. */
export interface Chain {
  /** The base first. */
  readonly layers: readonly LayerToCommit[];
  readonly diffIds: readonly Digest[];
}

/**
 * Finds or makes the layers of an image, from the base up. A layer that is there is taken; what was unpacked gets its place; what is
 * only there on other layers is unpacked once more, from what they give.
 *
 * @param contents of the layers, the base first
 */
export async function buildChain(
  store: Store,
  contents: readonly LayerContent[],
  { hold, signal, onStage, onAdded }: ChainOptions & { readonly hold: Hold },
): Promise<Chain> {
  let view = await store.read({ signal });
  let layers: LayerToCommit[] = [];
  let ids: readonly string[] = [];
  const diffIds: Digest[] = [];
  const used = new Set<LayerStage>();

  /** Adds what is ready to the store. */
  async function flush(): Promise<void> {
    if (layers.every(isThere)) return;
    const before = new Set(view.layers.map(({ id }) => id));
    await hold.add(ids);
    await store.commitLayers(layers, { signal });
    for (const id of ids) if (!before.has(id)) onAdded(id);
    layers = [...ids];
    view = await store.read({ signal });
  }

  async function stageOnTop(): Promise<LayerStage> {
    const below = layers.at(-1);
    const stage = await store.stageLayer({ parent: isThere(below) ? below : undefined, signal });
    onStage(stage);
    if (stage.independent || below === undefined || isThere(below)) return stage;
    await stage.discard();
    await flush();
    const second = await store.stageLayer({ parent: ids.at(-1), signal });
    onStage(second);
    return second;
  }

  /** Unpacks the content of a layer that is in the store, or will be with the layers before this one. */
  async function unpackAgain(diffId: Digest): Promise<LayerStage> {
    if (view.layersByDiffDigest(diffId).length === 0) await flush();
    const record = recordWith(view, diffId);
    const stage = await stageOnTop();
    await stage.unpack({ ...store.diffBlob(record), what: `the layer ${record.id}` }, { signal });
    return stage;
  }

  function place(diffId: Digest, layer: LayerToCommit): void {
    ids = [...ids, layerIdOf(ids.at(-1), diffId)];
    diffIds.push(diffId);
    layers.push(layer);
    if (!isThere(layer)) used.add(layer);
  }

  /** The ID that a layer has as the next one, if it is there, and from now on held. */
  async function present(diffId: Digest): Promise<string | undefined> {
    const id = layerIdOf(ids.at(-1), diffId);
    const isPresent = (): boolean => view.layers.some((layer) => layer.id === id);
    if (!isPresent()) return undefined;
    await hold.add([id]);
    view = await store.read({ signal });
    return isPresent() ? id : undefined;
  }

  for (const content of contents) {
    if (content.kind === "put" && content.layer.unpacked === undefined) {
      const stage = await stageOnTop();
      place(await content.layer.unpackInto(stage, { signal }), stage);
      continue;
    }
    const unpacked = content.kind === "put" ? content.layer.unpacked : content;
    if (unpacked === undefined) continue;
    const { diffId } = unpacked;
    const stage = "stage" in unpacked && !used.has(unpacked.stage) ? unpacked.stage : undefined;
    // A stage whose layer is there already is left alone by the store, and serves should that go meanwhile.
    place(diffId, stage ?? (await present(diffId)) ?? (await unpackAgain(diffId)));
  }
  return { layers, diffIds };
}

function isThere(layer: LayerToCommit | undefined): layer is string {
  return typeof layer === "string";
}

function recordWith(view: StoreView, diffId: Digest): LayerRecord {
  const [record] = view.layersByDiffDigest(diffId);
  if (record !== undefined) return record;
  throw new DrayageError(
    "ERR_DRAYAGE_LAYER_NOT_FOUND",
    `the store has lost the layer of ${diffId} to another process meanwhile`,
    { hint: "run the command again", retryable: true },
  );
}
