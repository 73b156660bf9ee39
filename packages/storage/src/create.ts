import { DrayageError } from "@drayage/errors";
import { bigDataMembers, factsOf } from "./big-data.ts";
import { bigDataFileName } from "./big-data-name.ts";
import { cleaningUp } from "./commit-layers.ts";
import type { StoreCore } from "./core.ts";
import type { StagedLayer } from "./driver.ts";
import { changedFlags, flagMap } from "./flags.ts";
import { randomId } from "./layer-id.ts";
import { requireFreeNames } from "./names.ts";
import { encodeMappings, unlessEmpty } from "./records/formats.ts";
import type { ContainerRecord, LayerRecord, RecordKind } from "./records/types.ts";
import type { NewContainer, NewLayer, StoreOptions } from "./store.ts";
import { now } from "./time.ts";
import { inTransaction, type Transaction } from "./transaction.ts";
import { notFound } from "./view/create.ts";

export async function createLayer(
  core: StoreCore,
  layer: NewLayer,
  { signal }: StoreOptions = {},
): Promise<LayerRecord> {
  const id = layer.id ?? randomId();
  await using copy = await copyOfParent(core, layer, signal);
  return await cleaningUp(core, () =>
    inTransaction(core, ["layer"], {
      signal,
      act: (transaction) => putEmptyLayer(transaction, { ...layer, id }, copy.stage),
    }),
  );
}

export async function createContainer(
  core: StoreCore,
  container: NewContainer,
  { signal }: StoreOptions = {},
): Promise<ContainerRecord> {
  const { image } = container;
  const id = container.id ?? randomId();
  const parent =
    container.parent ?? (image === undefined ? undefined : core.catalog.view().image(image).layer);
  const mountLabel = container.mountLabel || undefined;
  const layer = { ...container, id: randomId(), parent, mountLabel };
  await using copy = await copyOfParent(core, layer, signal);
  const kinds: readonly RecordKind[] =
    image === undefined ? ["layer", "container"] : ["layer", "image", "container"];
  return await cleaningUp(core, () =>
    inTransaction(core, kinds, {
      signal,
      async act(transaction) {
        const containers = transaction.table("container");
        requireFreeId(containers.get(id), "container", id);
        requireFreeNames(containers, "container", container.names ?? []);
        if (image !== undefined) requireImage(transaction, image);
        await putEmptyLayer(
          transaction,
          { id: layer.id, parent, mountLabel, uidMap: layer.uidMap, gidMap: layer.gidMap },
          copy.stage,
        );
        return putContainer(transaction, { ...container, id, layer: layer.id });
      },
    }),
  );
}

function putContainer(
  transaction: Transaction,
  container: NewContainer & { readonly id: string; readonly layer: string },
): ContainerRecord {
  const { core } = transaction;
  const { id, bigData = [] } = container;
  const folder = core.paths.data("container", id);
  core.files.makeFolder(folder);
  for (const { key, bytes } of bigData) core.files.write(`${folder}/${bigDataFileName(key)}`, bytes);
  for (const [name, bytes] of container.files ?? []) core.files.write(`${folder}/userdata/${name}`, bytes);
  const record = transaction.table("container").add({
    id,
    names: unlessEmpty([...new Set(container.names)]),
    image: container.image ?? "",
    layer: container.layer,
    metadata: container.metadata || undefined,
    ...bigDataMembers(new Map(bigData.map((item) => [item.key, factsOf(item)]))),
    created: now(),
    uidmap: encodeMappings(container.uidMap),
    gidmap: encodeMappings(container.gidMap),
    flags: flagMap({ MountLabel: container.mountLabel ?? "", ProcessLabel: "", ...container.flags }),
  });
  transaction.save();
  return record;
}

async function putEmptyLayer(
  transaction: Transaction,
  layer: NewLayer & { readonly id: string },
  stage: StagedLayer | undefined,
): Promise<LayerRecord> {
  const { core } = transaction;
  const { id, parent, uidMap, gidMap, mountLabel } = layer;
  const layers = transaction.table("layer");
  const names = [...new Set(layer.names)];
  requireFreeId(layers.get(id), "layer", id);
  requireFreeNames(layers, "layer", names);
  if (parent !== undefined && layers.get(parent) === undefined) core.catalog.view().layer(parent);
  layers.add({
    id,
    names: unlessEmpty(names),
    parent,
    metadata: layer.metadata || undefined,
    mountlabel: mountLabel || undefined,
    created: now(),
    flags: flagMap({ ...layer.flags, incomplete: true }),
    uidmap: encodeMappings(uidMap),
    gidmap: encodeMappings(gidMap),
  });
  transaction.save();
  if (await core.layerFiles.exists(id)) transaction.later(await core.layerFiles.remove([id]));
  if (stage === undefined) await core.layerFiles.create(id, parent, { uidMap, gidMap, mountLabel });
  else await stage.commit(id, parent);
  const row = layers.rows.find(({ record }) => record.id === id);
  if (row === undefined) throw new Error("a record that was added is there");
  const record = layers.change(id, { flags: changedFlags(row.text, "incomplete", undefined) });
  transaction.save();
  return record;
}

interface ParentCopy extends AsyncDisposable {
  readonly stage: StagedLayer | undefined;
}

/** Where a layer holds a copy of its parent, the copy is made before anything is locked. */
async function copyOfParent(
  { layerFiles }: StoreCore,
  { parent, uidMap, gidMap }: NewLayer,
  signal: AbortSignal | undefined,
): Promise<ParentCopy> {
  if (layerFiles.independentLayers) return { stage: undefined, [Symbol.asyncDispose]: async () => undefined };
  const stage = await layerFiles.stage({ parent, uidMap, gidMap, signal });
  return { stage, [Symbol.asyncDispose]: async () => stage.discard() };
}

function requireImage({ core, table }: Transaction, id: string): void {
  const image = table("image").get(id) ?? core.catalog.view().images.find((one) => one.id === id);
  if (image === undefined) notFound("image", id);
}

function requireFreeId(taken: object | undefined, kind: RecordKind, id: string): void {
  if (taken === undefined) return;
  throw new DrayageError("ERR_DRAYAGE_NAME_TAKEN", `the store has a ${kind} ${JSON.stringify(id)} already`);
}
