import { bigDataPath } from "./big-data.ts";
import { descendants } from "./check.ts";
import type { StoreCore } from "./core.ts";
import { deleteContainerNow, deleting, removeRecord } from "./delete.ts";
import { leftoversOf } from "./leftovers.ts";
import { forgetMount } from "./mounts.ts";
import { unlessEmpty } from "./records/formats.ts";
import { removeLayers } from "./remove-layer.ts";
import type { CheckReport, Finding, LostImage, RepairOptions, RepairReport } from "./reports.ts";
import { createTemporaryArea } from "./temporary-area.ts";
import type { Transaction } from "./transaction.ts";

/** Mends and removes what a check found, as far as it still is so, in one hold of all locks. */
export async function repairStore(
  core: StoreCore,
  report: CheckReport,
  options: RepairOptions = {},
): Promise<RepairReport> {
  const leftovers = await leftoversOf(core);
  const mended: Finding[] = [];
  const removed: Finding[] = [];
  const left: Finding[] = [];
  const lostImages: LostImage[] = [];
  const lostContainers: string[] = [];
  await deleting(
    core,
    async (transaction, { held }) => {
      // Names that stand twice were taken away when the records were read.
      transaction.save();
      const work: Work = {
        transaction,
        held,
        lostImages,
        lostContainers,
        containers: options.containers === true,
      };
      for (const finding of report.findings) {
        if (finding.repair === "mend")
          (await mend(work, finding)) ? mended.push(finding) : left.push(finding);
      }
      for (const finding of report.findings) {
        if (finding.repair === "remove" && finding.code !== "leftover") {
          (await remove(work, finding)) ? removed.push(finding) : left.push(finding);
        }
      }
    },
    options,
  );
  for (const finding of report.findings) {
    if (finding.code === "leftover") {
      await leftovers.find(({ path }) => path === finding.id)?.remove();
      removed.push(finding);
    } else if (finding.repair === "none") left.push(finding);
  }
  return { mended, removed, left, lostImages, lostContainers };
}

interface Work {
  readonly transaction: Transaction;
  readonly held: ReadonlySet<string>;
  readonly containers: boolean;
  readonly lostImages: LostImage[];
  readonly lostContainers: string[];
}

/** Whether it is as it should be now. */
async function mend({ transaction }: Work, { code, id, size }: Finding): Promise<boolean> {
  const { core } = transaction;
  const layers = transaction.table("layer");
  const layer = layers.get(id);
  if (code === "name-duplicate") return true;
  if (code === "mount-stale") {
    await forgetMount(core, id);
    return true;
  }
  if (layer === undefined) return true;
  if (code === "layer-size") {
    layers.change(id, { "diff-size": size === 0 ? undefined : size });
  } else if (code === "layer-data-missing") {
    const names = layer.bigDataNames.filter((key) => core.files.exists(bigDataPath(core, layer, key)));
    layers.change(id, { "big-data-names": unlessEmpty(names) });
  } else return false;
  transaction.save();
  return true;
}

/** Whether it is gone now, or no longer found. */
async function remove(work: Work, finding: Finding): Promise<boolean> {
  switch (finding.code) {
    case "container-layer-missing":
      return removeContainers(work, [finding.id]);
    case "image-data-changed":
    case "image-data-missing":
    case "image-incomplete":
    case "image-layer-missing":
      return removeImage(work, finding.id);
    case "layer-unreferenced":
      return removeUnreferenced(work, finding.id);
    case "unaccounted":
      return removeUnaccounted(work, finding);
    case "layer-files-missing":
      if (await work.transaction.core.layerFiles.exists(finding.id)) return true;
      return removeLayer(work, finding.id);
    default:
      return finding.kind === "layer" ? removeLayer(work, finding.id) : false;
  }
}

/** A layer that cannot be used, with all that stands on it. */
async function removeLayer(work: Work, id: string): Promise<boolean> {
  const { transaction, held } = work;
  const { core } = transaction;
  const view = core.catalog.view();
  if (!view.layers.some((layer) => layer.id === id)) return true;
  const goes = new Set(descendants(view, id));
  if ([...goes].some((one) => held.has(one))) return false;
  const images = view.imagesOn(id);
  const containers = view.containers.filter(
    ({ layer, image }) => goes.has(layer) || images.some((one) => one.id === image),
  );
  if (
    !(await removeContainers(
      work,
      containers.map((one) => one.id),
    ))
  )
    return false;
  for (const image of images) await loseImage(work, image.id);
  const layers = transaction.table("layer");
  // Those that were found last stand on those before.
  await removeLayers(
    transaction,
    [...goes].reverse().filter((one) => layers.get(one) !== undefined),
  );
  return true;
}

async function removeUnreferenced({ transaction, held }: Work, id: string): Promise<boolean> {
  const unreferenced = transaction.core.catalog.view().unreferencedLayers();
  if (held.has(id) || !unreferenced.some((layer) => layer.id === id)) return false;
  await removeLayers(transaction, [id]);
  return true;
}

async function removeImage(work: Work, id: string): Promise<boolean> {
  const view = work.transaction.core.catalog.view();
  if (!view.images.some((image) => image.id === id)) return true;
  const containers = view.containersOf(id).map((one) => one.id);
  if (!(await removeContainers(work, containers))) return false;
  await loseImage(work, id);
  return true;
}

/** Its layers stay where they are sound: whoever pulls it again needs only the others. */
async function loseImage({ transaction, lostImages }: Work, id: string): Promise<void> {
  const image = transaction.table("image").get(id);
  if (image === undefined) return;
  await removeRecord(transaction, "image", id);
  lostImages.push({ id, names: image.names });
}

async function removeContainers(
  { transaction, containers, lostContainers }: Work,
  ids: readonly string[],
): Promise<boolean> {
  if (ids.length > 0 && !containers) return false;
  for (const id of ids) {
    if (transaction.table("container").get(id) === undefined) continue;
    await deleteContainerNow(transaction, id);
    lostContainers.push(id);
  }
  return true;
}

async function removeUnaccounted({ transaction }: Work, { kind, id, path }: Finding): Promise<boolean> {
  const { core } = transaction;
  if (kind === "layer") {
    // It may have got its record meanwhile.
    if (transaction.table("layer").get(id) === undefined) transaction.later(await core.layerFiles.remove(id));
    return true;
  }
  if (path === undefined) return false;
  const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.tar-split\.gz$/, "");
  const known = (["layer", "image", "container"] as const).some(
    (one) => path.startsWith(`${core.paths.folder(one)}/`) && transaction.table(one).get(name) !== undefined,
  );
  if (known) return true;
  const area = createTemporaryArea(core.files, core.paths.temporary);
  transaction.later(async () => area[Symbol.asyncDispose]());
  area.take(path);
  return true;
}
