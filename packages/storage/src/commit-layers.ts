import { DrayageError } from "@drayage/errors";
import type { StoreCore } from "./core.ts";
import { changedFlags, flagMap } from "./flags.ts";
import { layerIdOf } from "./layer-id.ts";
import { contentsOf } from "./layer-stage.ts";
import { requireFreeNames } from "./names.ts";
import { unlessEmpty } from "./records/formats.ts";
import type { LayerRecord } from "./records/types.ts";
import type { LayerStage, LayerToCommit, StoreOptions } from "./store.ts";
import { createTemporaryArea } from "./temporary-area.ts";
import { now } from "./time.ts";
import { inTransaction, type Transaction } from "./transaction.ts";

/** A layer whose place is known, and who is ready for it. */
export interface PreparedLayer {
  readonly id: string;
  readonly parent: string | undefined;
  /** Undefined for one that is in the store. */
  readonly stage: LayerStage | undefined;
}

export async function commitLayers(
  core: StoreCore,
  layers: readonly LayerToCommit[],
  { signal }: StoreOptions = {},
): Promise<readonly LayerRecord[]> {
  const prepared = await prepareLayers(core, layers);
  const records = await cleaningUp(core, () =>
    inTransaction(core, ["layer"], {
      signal,
      async act(transaction) {
        await putLayers(transaction, prepared);
        return prepared.map(({ id }) => transaction.table("layer").get(id) ?? core.catalog.view().layer(id));
      },
    }),
  );
  await discardStages(prepared);
  return records;
}

/** Does all that needs no lock: ids, what only the layers below make possible, and bringing our files to the disk. */
export async function prepareLayers(
  core: StoreCore,
  layers: readonly LayerToCommit[],
): Promise<readonly PreparedLayer[]> {
  const view = core.catalog.view();
  const prepared: PreparedLayer[] = [];
  let below: LayerToCommit | undefined;
  let parent: string | undefined;
  for (const layer of layers) {
    if (typeof layer === "string") {
      prepared.push({ id: layer, parent, stage: undefined });
      below = layer;
      parent = layer;
      continue;
    }
    const { options, unpacked, settled, tarSplit, dataFolder } = contentsOf(layer);
    if (unpacked === undefined)
      throw new DrayageError("ERR_DRAYAGE_USAGE", "a staged layer was not unpacked");
    if (prepared.length === 0) {
      parent = options.parent;
      below = options.parent;
    }
    const id = options.id ?? layerIdOf(parent, unpacked.drained.digest);
    if (view.layers.some((one) => one.id === id)) {
      prepared.push({ id, parent, stage: layer });
      below = id;
    } else {
      if (!settled) await layer.settle(below);
      if (tarSplit !== undefined) await core.files.syncFile(tarSplit);
      if (dataFolder !== undefined) await core.files.syncFolder(dataFolder);
      prepared.push({ id, parent, stage: layer });
      below = layer;
    }
    parent = id;
  }
  return prepared;
}

/**
 * Puts layers into the store, those that are not there: records that say they are incomplete, then the files, then records that say no
 * more so. Records are saved.
 */
export async function putLayers(transaction: Transaction, layers: readonly PreparedLayer[]): Promise<void> {
  const { core } = transaction;
  const table = transaction.table("layer");
  const inOtherStores = new Set(
    core.catalog.view().layers.flatMap(({ id, readOnly }) => (readOnly ? [id] : [])),
  );
  const missing = layers.filter(({ id }) => table.get(id) === undefined && !inOtherStores.has(id));
  for (const { id, stage, parent } of missing) {
    const isThere = (one: string): boolean => table.get(one) !== undefined || inOtherStores.has(one);
    if (stage === undefined) throw layerGone(id);
    if (parent !== undefined && !isThere(parent)) throw layerGone(parent);
    addRecord(transaction, { id, parent, stage });
  }
  if (missing.length === 0) return;
  const area = await createTemporaryArea(core.files, core.paths.temporary, { signal: transaction.signal });
  transaction.later(async () => area[Symbol.asyncDispose]());
  transaction.save();

  for (const { id, stage } of missing) {
    if (stage === undefined) continue;
    const { driverStage, tarSplit, dataFolder, committed } = contentsOf(stage);
    // What somebody left without a record: the records are the truth.
    if (await core.layerFiles.exists(id)) transaction.later(await core.layerFiles.remove(id));
    area.take(core.paths.tarSplit(id));
    area.take(core.paths.data("layer", id));
    await driverStage.commit(id);
    if (tarSplit !== undefined) core.files.rename(tarSplit, core.paths.tarSplit(id));
    if (dataFolder !== undefined) core.files.rename(dataFolder, core.paths.data("layer", id));
    committed();
  }
  for (const { record, text } of table.rows) {
    if (missing.some(({ id }) => id === record.id)) {
      table.change(record.id, { flags: changedFlags(text, "incomplete", undefined) });
    }
  }
  transaction.save();
}

function addRecord(
  transaction: Transaction,
  { id, parent, stage }: PreparedLayer & { readonly stage: LayerStage },
): void {
  const { options, members, dataKeys } = contentsOf(stage);
  const table = transaction.table("layer");
  const names = [...new Set(options.names)];
  requireFreeNames(table, "layer", names);
  table.add({
    id,
    names: unlessEmpty(names),
    parent,
    metadata: options.metadata || undefined,
    created: now(),
    ...members,
    flags: flagMap({ incomplete: true }),
    "big-data-names": unlessEmpty(dataKeys),
  });
}

/** After a failure with the records half written, as when the disk is full: what was begun is taken away again. */
export async function cleaningUp<T>(core: StoreCore, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    try {
      if (core.catalog.rows("layer").some(({ record }) => record.incomplete)) {
        await inTransaction(core, ["layer"], { act: () => undefined });
      }
    } catch {
      // The first failure is the one to tell of. Whoever locks the layers next tries it again.
    }
    throw error;
  }
}

/** Those that were not needed, and what is left of the others. */
export async function discardStages(layers: readonly PreparedLayer[]): Promise<void> {
  for (const { stage } of layers) await stage?.discard();
}

function layerGone(id: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LAYER_NOT_FOUND",
    `the store has no layer ${JSON.stringify(id)} any more`,
    {
      hint: "another program deleted it meanwhile: run the command again",
      retryable: true,
    },
  );
}
