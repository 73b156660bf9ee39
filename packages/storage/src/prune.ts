import type { StoreCore } from "./core.ts";
import { deleting, removeRecords, withAncestors } from "./delete.ts";
import { readHolds } from "./holds.ts";
import { leftoversOf } from "./leftovers.ts";
import { type PrunePlan, planPrune } from "./prune-plan.ts";
import type { ImageRecord } from "./records/types.ts";
import { removeLayers } from "./remove-layer.ts";
import type { PruneOptions, PruneReport } from "./reports.ts";

/** Removes what nothing needs. Holds are read while everything is locked, so that none comes too late. */
export async function prune(core: StoreCore, options: PruneOptions = {}): Promise<PruneReport> {
  await core.catalog.load(options.signal);
  const leftovers = await leftoversOf(core);
  if (options.dryRun) {
    const view = core.catalog.view();
    const held = readHolds(core).flatMap(({ layers }) => layers);
    const ancestry = withAncestors(held, (id) => view.layerById(id));
    return reportOf(
      planPrune(view, ancestry, onlyMade(core, options)),
      leftovers.map(({ path }) => path),
    );
  }
  const plan = await deleting(
    core,
    async (transaction, { held }) => {
      const planned = planPrune(core.catalog.view(), held, onlyMade(core, options));
      await removeRecords(
        transaction,
        "image",
        planned.images.map(({ id }) => id),
      );
      await removeLayers(
        transaction,
        planned.layers.map(({ id }) => id),
      );
      return planned;
    },
    options,
  );
  for (const leftover of leftovers) await leftover.remove();
  return reportOf(
    plan,
    leftovers.map(({ path }) => path),
  );
}

/** How long, in milliseconds, others may take from one step of making an image to the next. */
const longestStep = 60_000;

/**
 * Leaves out images that others are making: the Go tools store an image without a name first, then its data, metadata and names, and
 * lock the store for each by itself.
 */
function onlyMade(core: StoreCore, options: PruneOptions): PruneOptions {
  const isBeingMade = ({ id, names, layer, metadata }: ImageRecord): boolean => {
    if (names.length > 0 || layer === undefined || metadata !== undefined) return false;
    const changed = core.files.changed(core.paths.data("image", id));
    return changed !== undefined && Date.now() - changed < longestStep;
  };
  return { ...options, only: (image) => !isBeingMade(image) && (options.only?.(image) ?? true) };
}

function reportOf({ images, layers, held }: PrunePlan, leftovers: readonly string[]): PruneReport {
  return {
    images: images.map(({ id, names }) => ({ id, names })),
    layers: layers.map(({ id }) => id),
    leftovers,
    held: held.map(({ id }) => id),
    bytes: layers.reduce((sum, { diffSize = 0 }) => sum + Math.max(diffSize, 0), 0),
  };
}
