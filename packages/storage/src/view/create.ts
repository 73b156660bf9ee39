import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import type { ContainerRecord, ImageRecord, LayerRecord, RecordKind, RecordOf } from "../records/types.ts";
import type { StoreView } from "./contract.ts";
import { createFinder } from "./find.ts";

export interface ViewRecords {
  /** Own store's first; a record that comes later under the same id is not seen. */
  readonly layers: readonly LayerRecord[];
  readonly images: readonly ImageRecord[];
  readonly containers: readonly ContainerRecord[];
}

export function createView(records: ViewRecords): StoreView {
  // What is being made or deleted may be half there.
  const layers = firstOfEach(records.layers).filter((layer) => !layer.incomplete);
  const images = firstOfEach(records.images);
  const containers = firstOfEach(records.containers);
  const layerById = once(() => byId(layers));
  const imageById = once(() => byId(images));
  const containerById = once(() => byId(containers));
  const childrenOf = once(() => groupByEach(layers, ({ parent }) => (parent === undefined ? [] : [parent])));
  const finders = {
    layer: once(() => createFinder("layer", layers)),
    image: once(() => createFinder("image", images)),
    container: once(() => createFinder("container", containers)),
  };

  function chain(layerId: string): readonly LayerRecord[] {
    const found: LayerRecord[] = [];
    const seen = new Set<string>();
    let above: LayerRecord | undefined;
    for (let id: string | undefined = layerId; id !== undefined; id = above.parent) {
      const layer = layerById().get(id);
      if (layer === undefined) throw missingLayer(id, above);
      if (seen.has(id)) throw brokenStore(`the layer ${id} stands on itself, through ${seen.size} layers`);
      seen.add(id);
      found.push(layer);
      above = layer;
    }
    return found.reverse();
  }

  /** As far as it is there: for those who must not fail where a layer is missing. */
  function idsBelow(layerId: string | undefined): Set<string> {
    const ids = new Set<string>();
    let id = layerId;
    while (id !== undefined && !ids.has(id)) {
      ids.add(id);
      id = layerById().get(id)?.parent;
    }
    return ids;
  }

  const topsOf = (image: ImageRecord): readonly string[] =>
    image.layer === undefined ? image.mappedLayers : [image.layer, ...image.mappedLayers];
  /** By each of their layers. */
  const imagesByLayer = once(() =>
    groupByEach(images, (image) => topsOf(image).flatMap((top) => [...idsBelow(top)])),
  );
  const containersByLayer = once(() => groupByEach(containers, ({ layer }) => [...idsBelow(layer)]));
  const containersByImage = once(() =>
    groupByEach(containers, ({ image }) => (image === undefined ? [] : [image])),
  );
  const imagesByTop = once(() => groupByEach(images, ({ layer }) => (layer === undefined ? [] : [layer])));
  /** By the layers below their own. */
  const imagesAbove = once(() => groupByEach(images, ({ layer }) => [...idsBelow(layer)].slice(1)));

  const view: StoreView = {
    layers: Object.freeze(layers),
    images: Object.freeze(images),
    containers: Object.freeze(containers),
    layerById: (id) => layerById().get(id),
    imageById: (id) => imageById().get(id),
    containerById: (id) => containerById().get(id),
    findLayer: (text) => finders.layer().find(text),
    findImage: (text) => finders.image().find(text),
    findContainer: (text) =>
      finders.container().findExact(text) ??
      containers.find((container) => container.layer === text) ??
      finders.container().findPrefix(text),
    layer: (text) => view.findLayer(text) ?? notFound("layer", text),
    image: (text) => view.findImage(text) ?? notFound("image", text),
    container: (text) => view.findContainer(text) ?? notFound("container", text),
    imagesByDigest: (digest) => images.filter((image) => image.digests.includes(digest)),
    layersByDiffDigest: byDigest((layer) => layer.diffDigest),
    layersByCompressedDigest: byDigest((layer) => layer.compressedDigest),
    layersByTocDigest: byDigest((layer) => layer.tocDigest),
    chain,
    imageLayers: (image) => (image.layer === undefined ? [] : chain(image.layer)),
    children: (layerId) => childrenOf().get(layerId) ?? [],
    heads: () => layers.filter((layer) => !childrenOf().has(layer.id)),
    imagesOn: (layerId) => imagesByLayer().get(layerId) ?? [],
    parents: (image) => [...idsBelow(image.layer)].slice(1).flatMap((id) => imagesByTop().get(id) ?? []),
    containersOf: (imageId) => containersByImage().get(imageId) ?? [],
    containersOn: (layerId) => containersByLayer().get(layerId) ?? [],
    dangling: () =>
      images.filter(
        (image) =>
          !image.readOnly &&
          image.names.length === 0 &&
          (image.layer === undefined || !imagesAbove().has(image.layer)),
      ),
    unreferencedLayers() {
      const needed = new Set<string>();
      for (const image of images) for (const top of topsOf(image)) need(top, needed);
      for (const { layer } of containers) need(layer, needed);
      const unreferenced = layers.filter((layer) => !needed.has(layer.id) && !layer.readOnly);
      return topsFirst(unreferenced);
    },
  };
  return Object.freeze(view);

  function need(top: string, needed: Set<string>): void {
    for (let id: string | undefined = top; id !== undefined && !needed.has(id); ) {
      needed.add(id);
      id = layerById().get(id)?.parent;
    }
  }

  function byDigest(
    of: (layer: LayerRecord) => Digest | undefined,
  ): (digest: Digest) => readonly LayerRecord[] {
    return (digest) => layers.filter((layer) => of(layer) === digest);
  }
}

const codes = {
  layer: "ERR_DRAYAGE_LAYER_NOT_FOUND",
  image: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
  container: "ERR_DRAYAGE_CONTAINER_NOT_FOUND",
} as const;

/** The record of a whole id. */
export function requireRecord<K extends RecordKind>(view: StoreView, kind: K, id: string): RecordOf[K] {
  return recordById(view, kind, id) ?? notFound(kind, id);
}

export function recordById<K extends RecordKind>(
  view: StoreView,
  kind: K,
  id: string,
): RecordOf[K] | undefined {
  const find: { readonly [R in RecordKind]: (id: string) => RecordOf[R] | undefined } = {
    layer: view.layerById,
    image: view.imageById,
    container: view.containerById,
  };
  return find[kind](id);
}

export function notFound(kind: keyof typeof codes, text: string): never {
  throw new DrayageError(codes[kind], `the store has no ${kind} ${JSON.stringify(text)}`);
}

function missingLayer(id: string, above: LayerRecord | undefined): DrayageError {
  if (above === undefined) {
    return new DrayageError("ERR_DRAYAGE_LAYER_NOT_FOUND", `the store has no layer ${JSON.stringify(id)}`);
  }
  return brokenStore(`the layer ${id}, which ${above.id} stands on, is missing`);
}

function brokenStore(message: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_STORE_INVALID", message, {
    hint: "`dray check` says what else is broken, `dray check --repair` mends or removes it",
  });
}

function byId<R extends { readonly id: string }>(records: readonly R[]): ReadonlyMap<string, R> {
  return new Map(records.map((record) => [record.id, record]));
}

/** Each layer before the one it stands on. */
export function topsFirst(layers: readonly LayerRecord[]): readonly LayerRecord[] {
  const among = byId(layers);
  const sorted: LayerRecord[] = [];
  const seen = new Set<string>();
  for (const start of layers) {
    const way: LayerRecord[] = [];
    for (let layer: LayerRecord | undefined = start; layer !== undefined && !seen.has(layer.id); ) {
      seen.add(layer.id);
      way.push(layer);
      layer = layer.parent === undefined ? undefined : among.get(layer.parent);
    }
    // The base first, on which later ones are put: all of it is turned round in the end.
    sorted.push(...way.reverse());
  }
  return sorted.reverse();
}

function firstOfEach<R extends { readonly id: string }>(records: readonly R[]): R[] {
  const seen = new Set<string>();
  return records.filter(({ id }) => !seen.has(id) && seen.add(id));
}

/** Each record under each of its keys, once. */
function groupByEach<R, K>(
  records: readonly R[],
  keysOf: (record: R) => readonly K[],
): ReadonlyMap<K, readonly R[]> {
  const groups = new Map<K, R[]>();
  for (const record of records) {
    for (const key of new Set(keysOf(record))) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [record]);
      else group.push(record);
    }
  }
  return groups;
}

/** What a function gives, made when it is first asked for: few who look into a store need all of it. */
function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
