import { DrayageError } from "@drayage/errors";
import type { StoreCore } from "./core.ts";
import { changedFlags, flagMap } from "./flags.ts";
import { holdOnDemand } from "./holds.ts";
import { layerIdOf } from "./layer-id.ts";
import { contentsOf } from "./layer-stage.ts";
import { requireFreeNames } from "./names.ts";
import { createReadyFiles, type ReadyFiles } from "./ready-files.ts";
import { unlessEmpty } from "./records/formats.ts";
import { stripDuplicateNames } from "./records/own-names.ts";
import type { RecordTable } from "./records/table.ts";
import type { LayerRecord } from "./records/types.ts";
import type { Hold, LayerStage, LayerToCommit, StoreOptions } from "./store.ts";
import { createTemporaryArea, type TemporaryArea } from "./temporary-area.ts";
import { now } from "./time.ts";
import { inTransaction, type Transaction } from "./transaction.ts";

/** A layer whose place is known, and that is ready for it. */
export interface PreparedLayer {
  readonly id: string;
  readonly parent: string | undefined;
  /** Undefined for one that is to be in the store already. */
  readonly stage: LayerStage | undefined;
  /** Members of its record. */
  readonly members: Readonly<Record<string, unknown>>;
}

export async function commitLayers(
  core: StoreCore,
  layers: readonly LayerToCommit[],
  { signal }: StoreOptions = {},
): Promise<readonly LayerRecord[]> {
  await using hold = holdOnDemand(core, "a commit of layers");
  const prepared = await prepareLayers(core, layers, hold);
  await using area = createTemporaryArea(core.files, core.paths.temporary);
  const ready = createReadyFiles(core.files, area);
  await foreseeLayers(core, prepared, ready);
  const records = await cleaningUp(core, () =>
    inTransaction(core, ["layer"], {
      signal,
      ready,
      async act(transaction) {
        await putLayers(transaction, prepared, area);
        return prepared.map(({ id }) => transaction.table("layer").get(id) ?? core.catalog.view().layer(id));
      },
    }),
  );
  await discardStages(prepared);
  return records;
}

/**
 * Does all that needs no lock: ids, what only the layers below make possible, and bringing our files to the disk. A staged layer that
 * the store has already is left as it is: `hold` sees to it that it is there until the commit is over.
 */
export async function prepareLayers(
  core: StoreCore,
  layers: readonly LayerToCommit[],
  hold: Pick<Hold, "add">,
): Promise<readonly PreparedLayer[]> {
  const prepared: PreparedLayer[] = [];
  const syncs: Promise<void>[] = [];
  let below: LayerToCommit | undefined;
  let parent: string | undefined;
  for (const layer of layers) {
    if (typeof layer === "string") {
      prepared.push({ id: layer, parent, stage: undefined, members: {} });
      below = layer;
      parent = layer;
      continue;
    }
    const { options, unpacked, settled, tarSplit, dataFolder } = contentsOf(layer);
    if (unpacked === undefined) {
      throw new DrayageError("ERR_DRAYAGE_USAGE", "a staged layer was not unpacked");
    }
    if (prepared.length === 0) {
      parent = options.parent;
      below = options.parent;
    }
    const id = options.id ?? layerIdOf(parent, unpacked.drained.digest);
    const isPresent = await holdIfPresent(core, id, hold);
    if (!isPresent) {
      if (!settled) await layer.settle(below);
      if (tarSplit !== undefined) syncs.push(core.files.syncFile(tarSplit));
      if (dataFolder !== undefined) syncs.push(core.files.syncFolder(dataFolder));
    }
    prepared.push({ id, parent, stage: layer, members: recordOf(layer, id, parent) });
    below = isPresent ? id : layer;
    parent = id;
  }
  await Promise.all(syncs);
  return prepared;
}

/** Whether a layer is there, which nobody can take away from then on who looks at holds. */
async function holdIfPresent({ catalog }: StoreCore, id: string, hold: Pick<Hold, "add">): Promise<boolean> {
  if (catalog.view().layerById(id) === undefined) return false;
  await hold.add([id]);
  // A moment ago it was not held.
  return catalog.view().layerById(id) !== undefined;
}

/** Writes the records as they will be if nobody else changes them meanwhile. */
export async function foreseeLayers(
  core: StoreCore,
  layers: readonly PreparedLayer[],
  ready: ReadyFiles,
): Promise<void> {
  const table = core.catalog.table("layer");
  if (table.rows.some(({ record }) => record.incomplete)) return;
  stripDuplicateNames(table);
  const missing = missingLayers(core, table, layers);
  if (missing.length === 0) return;
  for (const { members } of missing) table.add(members);
  await ready.foresee(table);
  completeRecords(table, missing);
  await ready.foresee(table);
}

/**
 * Puts layers into the store, those that are not there: records that say they are incomplete, then the files, then records that say no
 * more so. Records are saved. What is in the way is moved to `area`.
 */
export async function putLayers(
  transaction: Transaction,
  layers: readonly PreparedLayer[],
  area: TemporaryArea,
): Promise<void> {
  const { core } = transaction;
  const table = transaction.table("layer");
  const missing = missingLayers(core, table, layers);
  if (missing.length === 0) return;
  for (const { members, stage } of missing) {
    requireFreeNames(table, "layer", stage === undefined ? [] : (contentsOf(stage).options.names ?? []));
    table.add(members);
  }
  transaction.save();
  for (const { id, parent, stage } of missing) {
    if (stage === undefined) continue;
    const { driverStage, tarSplit, dataFolder, committed } = contentsOf(stage);
    // What somebody left without a record: the records are the truth.
    if (await core.layerFiles.exists(id)) transaction.later(await core.layerFiles.remove([id]));
    area.take(core.paths.tarSplit(id));
    area.take(core.paths.data("layer", id));
    await driverStage.commit(id, parent);
    if (tarSplit !== undefined) core.files.rename(tarSplit, core.paths.tarSplit(id));
    if (dataFolder !== undefined) core.files.rename(dataFolder, core.paths.data("layer", id));
    committed();
  }
  completeRecords(table, missing);
  transaction.save();
}

/** The layers that are to be made. Throws where one is not there that is not to be made. */
function missingLayers(
  core: StoreCore,
  table: RecordTable<"layer">,
  layers: readonly PreparedLayer[],
): readonly PreparedLayer[] {
  const others = core.catalog.view().layers.filter(({ readOnly }) => readOnly);
  const parents = new Map(
    [...others, ...table.rows.map(({ record }) => record)].map((one) => [one.id, one.parent]),
  );
  return layers.filter(({ id, stage, parent }, index) => {
    if (parents.has(id)) {
      if (index > 0 && parents.get(id) !== parent) throw standsElsewhere(id, parents.get(id), parent);
      return false;
    }
    // It was there when the layers were prepared, so that nothing was made ready in its stead.
    if (stage === undefined || !contentsOf(stage).settled) throw layerGone(id);
    if (parent !== undefined && !parents.has(parent)) throw layerGone(parent);
    parents.set(id, parent);
    return true;
  });
}

function recordOf(
  stage: LayerStage,
  id: string,
  parent: string | undefined,
): Readonly<Record<string, unknown>> {
  const { options, members, dataKeys } = contentsOf(stage);
  return {
    id,
    names: unlessEmpty([...new Set(options.names)]),
    parent,
    metadata: options.metadata || undefined,
    created: now(),
    ...members,
    flags: flagMap({ incomplete: true }),
    "big-data-names": unlessEmpty(dataKeys),
  };
}

function completeRecords(table: RecordTable<"layer">, layers: readonly PreparedLayer[]): void {
  const ids = new Set(layers.map(({ id }) => id));
  for (const { record, text } of table.rows) {
    if (ids.has(record.id)) table.change(record.id, { flags: changedFlags(text, "incomplete", undefined) });
  }
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

function standsElsewhere(id: string, actual: string | undefined, wanted: string | undefined): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `the layer ${id} stands on ${actual ?? "nothing"}, not on ${wanted ?? "nothing"}`,
  );
}

function layerGone(id: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LAYER_NOT_FOUND",
    `the store has no layer ${JSON.stringify(id)} any more`,
    { hint: "another program deleted it meanwhile: run the command again", retryable: true },
  );
}
