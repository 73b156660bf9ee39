import { DrayageError } from "@drayage/errors";
import type { StoreCore } from "./core.ts";
import { freezeHolds } from "./holds.ts";
import { readMounts } from "./mounts.ts";
import type { ContainerRecord, ImageRecord, LayerRecord, RecordKind, RecordOf } from "./records/types.ts";
import { removeLayers } from "./remove-layer.ts";
import type { DeletedImage, StoreOptions } from "./store.ts";
import { createTemporaryArea } from "./temporary-area.ts";
import { inTransaction, type Transaction } from "./transaction.ts";
import { notFound, recordById } from "./view/create.ts";

const all: readonly RecordKind[] = ["layer", "image", "container"];

/** Who needs what, while all records are locked. */
export interface Needs {
  readonly images: readonly ImageRecord[];
  readonly containers: readonly ContainerRecord[];
  readonly layers: ReadonlyMap<string, LayerRecord>;
  /** With all they stand on. */
  readonly held: ReadonlySet<string>;
}

/** Locks everything, holds too, and deletes. */
export function deleting<T>(
  core: StoreCore,
  act: (transaction: Transaction, needs: Needs) => Promise<T>,
  { signal }: StoreOptions = {},
): Promise<T> {
  return inTransaction(core, all, {
    signal,
    async act(transaction) {
      await using frozen = await freezeHolds(core, signal);
      // What is read later has to be readable before anything is changed.
      readMounts(core);
      const layers = new Map(transaction.table("layer").rows.map(({ record }) => [record.id, record]));
      return await act(transaction, {
        layers,
        images: transaction.table("image").rows.map(({ record }) => record),
        containers: transaction.table("container").rows.map(({ record }) => record),
        held: withAncestors(frozen.held, (id) => layers.get(id)),
      });
    },
  });
}

export function deleteImage(core: StoreCore, id: string, options: StoreOptions = {}): Promise<DeletedImage> {
  return deleting(core, (transaction, needs) => deleteImageNow(transaction, needs, id), options);
}

/** While everything is locked. `needs` is as it was before. */
async function deleteImageNow(transaction: Transaction, needs: Needs, id: string): Promise<DeletedImage> {
  const image = requireOwn(transaction, "image", id);
  const user = needs.containers.find((container) => container.image === id);
  if (user !== undefined) {
    throw inUse(`the image ${nameOf(image)}`, `the container ${nameOf(user)} was made from it`);
  }
  await removeRecords(transaction, "image", [id]);
  transaction.save();
  const { layers, held } = layersOnlyFor(image, needs);
  await removeLayers(transaction, layers);
  return { image, layers, held };
}

export function deleteLayer(core: StoreCore, id: string, options: StoreOptions = {}): Promise<void> {
  return deleting(
    core,
    async (transaction, { images, containers, layers, held }) => {
      const layer = requireOwn(transaction, "layer", id);
      const image = images.find((one) => one.layer === id || one.mappedLayers.includes(id));
      const container = containers.find((one) => one.layer === id);
      const child = [...layers.values()].find((one) => one.parent === id);
      const what = `the layer ${nameOf(layer)}`;
      if (image !== undefined) throw inUse(what, `the image ${nameOf(image)} stands on it`);
      if (container !== undefined) throw inUse(what, `the container ${nameOf(container)} writes to it`);
      if (child !== undefined) throw inUse(what, `the layer ${nameOf(child)} stands on it`);
      if (held.has(id)) throw inUse(what, "a pull or a build holds it");
      await removeLayers(transaction, [id]);
    },
    options,
  );
}

export function deleteContainer(core: StoreCore, id: string, options: StoreOptions = {}): Promise<void> {
  return deleting(core, (transaction) => deleteContainerNow(transaction, id), options);
}

/** While everything is locked. Its layer goes first: as long as it is there, the record says whose it is. */
export async function deleteContainerNow(transaction: Transaction, id: string): Promise<void> {
  const container = requireOwn(transaction, "container", id);
  if (transaction.table("layer").get(container.layer) !== undefined) {
    await removeLayers(transaction, [container.layer]);
  }
  await removeRecords(transaction, "container", [id]);
  const { core } = transaction;
  transaction.later(() => core.files.remove(`${core.paths.runFolder("container")}/${id}`));
  transaction.save();
}

/** Images' or containers' records, and their folders, which are moved away. */
export async function removeRecords(
  transaction: Transaction,
  kind: "container" | "image",
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const { core } = transaction;
  const area = createTemporaryArea(core.files, core.paths.temporary);
  transaction.later(async () => area[Symbol.asyncDispose]());
  for (const id of ids) transaction.table(kind).remove(id);
  transaction.save();
  for (const id of ids) area.take(core.paths.data(kind, id));
}

/** The layers of an image that nothing else needs, the top first; those that are held stay, and all below. */
function layersOnlyFor(
  image: ImageRecord,
  { images, containers, layers, held }: Needs,
): { readonly layers: readonly string[]; readonly held: readonly string[] } {
  const others = images.filter((one) => one.id !== image.id);
  const needed = new Set([
    ...others.flatMap((one) => [one.layer ?? "", ...one.mappedLayers]),
    ...containers.map((one) => one.layer),
  ]);
  /** How many layers stand on each that stay. */
  const above = new Map<string, number>();
  for (const { parent } of layers.values()) {
    if (parent !== undefined) above.set(parent, (above.get(parent) ?? 0) + 1);
  }
  const goes = new Set<string>();
  const stays: string[] = [];
  const consider = (id: string): boolean => {
    const layer = layers.get(id);
    if (layer === undefined || needed.has(id) || (above.get(id) ?? 0) > 0) return false;
    if (held.has(id)) {
      stays.push(id);
      return false;
    }
    goes.add(id);
    if (layer.parent !== undefined) above.set(layer.parent, (above.get(layer.parent) ?? 0) - 1);
    return true;
  };
  for (const id of image.mappedLayers) consider(id);
  let id = image.layer;
  while (id !== undefined && !goes.has(id) && consider(id)) id = layers.get(id)?.parent;
  return { layers: [...goes], held: stays };
}

/** The record, which must be this store's. */
export function requireOwn<K extends RecordKind>(transaction: Transaction, kind: K, id: string): RecordOf[K] {
  return transaction.table(kind).get(id) ?? refuseOthers(transaction.core, kind, id);
}

/** It is another store's, or nobody's. */
function refuseOthers({ catalog }: StoreCore, kind: RecordKind, id: string): never {
  const view = catalog.view();
  const record = recordById(view, kind, id);
  if (record === undefined) return notFound(kind, id);
  throw new DrayageError(
    "ERR_DRAYAGE_IN_USE",
    `the ${kind} ${nameOf(record)} belongs to the additional store ${JSON.stringify(record.graphRoot ?? "")}, which is only read`,
    { hint: "run the command with that store's folder as the graph root" },
  );
}

/** The layers, and all they stand on. */
export function withAncestors(
  ids: Iterable<string>,
  find: (id: string) => LayerRecord | undefined,
): ReadonlySet<string> {
  const found = new Set<string>();
  for (const start of ids) {
    let id: string | undefined = start;
    while (id !== undefined && !found.has(id)) {
      found.add(id);
      id = find(id)?.parent;
    }
  }
  return found;
}

function inUse(what: string, why: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_IN_USE", `${what} cannot be deleted: ${why}`, {
    hint: "delete that first",
  });
}

function nameOf(record: { readonly id: string; readonly names: readonly string[] }): string {
  return record.names[0] ?? record.id.slice(0, 12);
}
