import { createBreather } from "@drayage/pack";
import { changedFlags } from "./flags.ts";
import { readMounts, unmountLayer } from "./mounts.ts";
import { forgetSize } from "./sizes.ts";
import { createTemporaryArea } from "./temporary-area.ts";
import type { Transaction } from "./transaction.ts";

/** How many a driver takes away before others of this process have their turn. */
const atOnce = 64;

/**
 * Removes layers: records first say that they are incomplete, so that whoever finds them knows; then their files are moved away, and
 * the records go. What takes long follows when the locks are given back. Layers must come before those they stand on.
 */
export async function removeLayers(transaction: Transaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const layers = transaction.table("layer");
  const goes = new Set(ids);
  for (const { record, text } of layers.rows) {
    if (goes.has(record.id)) layers.change(record.id, { flags: changedFlags(text, "incomplete", true) });
  }
  transaction.save();
  await removeMarked(transaction, ids);
}

/** What a process left that died making or deleting a layer: such records exist only as long as somebody holds the lock. */
export async function removeIncompleteLayers(transaction: Transaction): Promise<void> {
  const incomplete = transaction.table("layer").rows.filter(({ record }) => record.incomplete);
  await removeMarked(
    transaction,
    incomplete.map(({ record }) => record.id),
  );
}

async function removeMarked(transaction: Transaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const { core } = transaction;
  const layers = transaction.table("layer");
  const area = createTemporaryArea(core.files, core.paths.temporary);
  transaction.later(async () => area[Symbol.asyncDispose]());
  const mounted = new Set(readMounts(core).map(({ layer }) => layer));
  const breathe = createBreather(transaction.signal, "remove layers");
  for (let start = 0; start < ids.length; start += atOnce) {
    // What is left then is marked, and goes with the next who changes layers.
    await breathe();
    const some = ids.slice(start, start + atOnce);
    for (const id of some) if (mounted.has(id)) await unmountLayer(core, id, { force: true });
    transaction.later(await core.layerFiles.remove(some));
    for (const id of some) {
      area.take(core.paths.tarSplit(id));
      area.take(core.paths.data("layer", id));
      layers.remove(id);
      transaction.later(() => forgetSize(core, id));
    }
  }
  transaction.save();
}
