import { bigDataPath } from "./big-data.ts";
import { membersOfNewerData } from "./changed-data.ts";
import type { StoreCore } from "./core.ts";
import { deleteContainerNow, deleting, removeRecords } from "./delete.ts";
import { mendParents, parentsProblems } from "./layer-parents.ts";
import { leftoversOf } from "./leftovers.ts";
import { forgetMounts } from "./mounts.ts";
import { unlessEmpty } from "./records/formats.ts";
import { removeLayers } from "./remove-layer.ts";
import type { CheckReport, Finding, LostImage, RepairOptions, RepairReport } from "./reports.ts";
import { createTemporaryArea } from "./temporary-area.ts";
import type { Transaction } from "./transaction.ts";
import { topsFirst } from "./view/create.ts";

/** Mends and removes what a check found, as far as it still is so, in one hold of all locks. */
export async function repairStore(
  core: StoreCore,
  report: CheckReport,
  options: RepairOptions = {},
): Promise<RepairReport> {
  await core.catalog.load(options.signal);
  const leftovers = new Map((await leftoversOf(core)).map((leftover) => [leftover.path, leftover]));
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
        images: options.images !== false,
        containers: options.containers === true,
      };
      const mendable = report.findings.filter((finding) => finding.repair === "mend");
      if (mendable.some(({ code }) => code === "layer-parents-wrong"))
        await mendParents(core, core.catalog.view());
      for (const finding of mendable) ((await mend(work, finding)) ? mended : left).push(finding);
      const stale = mended.filter(({ code }) => code === "mount-stale");
      await forgetMounts(core, new Set(stale.map(({ id }) => id)));
      transaction.save();
      const removable = report.findings.filter(
        ({ repair, code }) => repair === "remove" && code !== "leftover",
      );
      const ways = new Map<Way, Finding[]>();
      for (const finding of removable) {
        const way = wayOf(finding);
        const others = ways.get(way);
        if (others === undefined) ways.set(way, [finding]);
        else others.push(finding);
      }
      for (const [way, findings] of ways) {
        const gone = await way(work, findings);
        for (const finding of findings) (gone.has(finding) ? removed : left).push(finding);
      }
    },
    options,
  );
  for (const finding of report.findings) {
    if (finding.code === "leftover") {
      await leftovers.get(finding.id)?.remove();
      removed.push(finding);
    } else if (finding.repair === "none") left.push(finding);
  }
  return { mended, removed, left, lostImages, lostContainers };
}

interface Work {
  readonly transaction: Transaction;
  readonly held: ReadonlySet<string>;
  readonly images: boolean;
  readonly containers: boolean;
  readonly lostImages: LostImage[];
  readonly lostContainers: string[];
}

/** Whether it is as it should be once all is saved. */
async function mend({ transaction }: Work, { code, kind, id, size }: Finding): Promise<boolean> {
  const { core } = transaction;
  if (code === "image-data-changed" || code === "container-data-changed") {
    const table = transaction.table(kind === "image" ? "image" : "container");
    const record = table.get(id);
    if (record !== undefined) table.change(id, membersOfNewerData(core, record));
    return true;
  }
  const layers = transaction.table("layer");
  const layer = layers.get(id);
  if (code === "name-duplicate" || code === "mount-stale" || layer === undefined) return true;
  if (code === "layer-size") {
    layers.change(id, { "diff-size": size === 0 ? undefined : size });
  } else if (code === "layer-data-missing") {
    const names = layer.bigDataNames.filter((key) => core.files.exists(bigDataPath(core, layer, key)));
    layers.change(id, { "big-data-names": unlessEmpty(names) });
  } else if (code === "layer-parents-wrong") {
    return (await parentsProblems(core, core.catalog.view(), id)).length === 0;
  } else return false;
  return true;
}

/** Removes what findings of one kind are about, and gives those whose thing is gone now, or sound again. */
type Way = (work: Work, findings: readonly Finding[]) => Promise<ReadonlySet<Finding>>;

function wayOf({ code, kind }: Finding): Way {
  switch (code) {
    case "container-layer-missing":
      return removeFoundContainers;
    case "image-data-changed":
    case "image-data-missing":
    case "image-incomplete":
    case "image-layer-missing":
      return removeFoundImages;
    case "layer-unreferenced":
      return removeUnreferenced;
    case "unaccounted":
      return removeUnaccounted;
    default:
      return kind === "layer" ? removeBrokenLayers : async () => new Set();
  }
}

const removeFoundContainers: Way = async (work, findings) => {
  const isDone = await removeContainers(
    work,
    findings.map(({ id }) => id),
  );
  return new Set(isDone ? findings : []);
};

/** Layers that cannot be used, with all that stands on them. */
const removeBrokenLayers: Way = async (work, findings) => {
  const { transaction, held } = work;
  const { core } = transaction;
  const view = core.catalog.view();
  const gone = new Set<Finding>();
  const broken = new Set<string>();
  const containers = new Set<string>();
  const images = new Set<string>();
  for (const finding of findings) {
    const { id, code } = finding;
    const isSound = code === "layer-files-missing" && (await core.layerFiles.exists(id));
    if (!isSound && view.layerById(id) !== undefined) {
      // Who holds a layer holds all that it stands on.
      if (held.has(id)) continue;
      const above = view.imagesOn(id);
      const users = [...view.containersOn(id), ...above.flatMap((image) => view.containersOf(image.id))];
      if (users.length > 0 && !work.containers) continue;
      if (above.length > 0 && !work.images) continue;
      broken.add(id);
      for (const user of users) containers.add(user.id);
      for (const image of above) images.add(image.id);
    }
    gone.add(finding);
  }
  await removeContainers(work, [...containers]);
  await loseImages(work, [...images]);
  for (const one of broken) for (const child of view.children(one)) broken.add(child.id);
  const layers = transaction.table("layer");
  await removeLayers(
    transaction,
    topsFirst(view.layers.filter(({ id }) => broken.has(id) && layers.get(id) !== undefined)).map(
      ({ id }) => id,
    ),
  );
  return gone;
};

const removeUnreferenced: Way = async ({ transaction, held }, findings) => {
  const view = transaction.core.catalog.view();
  const found = new Map(findings.map((finding) => [finding.id, finding]));
  const goes = new Map<string, Finding>();
  // What stands on others comes first, and where it stays they do.
  for (const { id } of view.unreferencedLayers()) {
    const finding = found.get(id);
    if (finding === undefined || held.has(id)) continue;
    if (view.children(id).every((child) => goes.has(child.id))) goes.set(id, finding);
  }
  await removeLayers(transaction, [...goes.keys()]);
  return new Set(goes.values());
};

const removeFoundImages: Way = async (work, findings) => {
  const view = work.transaction.core.catalog.view();
  const gone = new Set<Finding>();
  const images = new Set<string>();
  for (const finding of findings) {
    if (view.imageById(finding.id) !== undefined) {
      if (!work.images && finding.code !== "image-incomplete") continue;
      const containers = view.containersOf(finding.id).map((one) => one.id);
      if (!(await removeContainers(work, containers))) continue;
      images.add(finding.id);
    }
    gone.add(finding);
  }
  await loseImages(work, [...images]);
  return gone;
};

/** Its layers stay where they are sound: whoever pulls it again needs only the others. */
async function loseImages({ transaction, lostImages }: Work, ids: readonly string[]): Promise<void> {
  const images = ids.flatMap((id) => transaction.table("image").get(id) ?? []);
  await removeRecords(
    transaction,
    "image",
    images.map(({ id }) => id),
  );
  lostImages.push(...images.map(({ id, names }) => ({ id, names })));
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

const removeUnaccounted: Way = async ({ transaction }, findings) => {
  const { core } = transaction;
  const area = createTemporaryArea(core.files, core.paths.temporary);
  transaction.later(async () => area[Symbol.asyncDispose]());
  for (const { kind, id, path } of findings) {
    if (kind === "layer") {
      // It may have got its record meanwhile.
      if (transaction.table("layer").get(id) === undefined)
        transaction.later(await core.layerFiles.remove([id]));
    } else if (path !== undefined && !isAccounted(transaction, path)) area.take(path);
  }
  return new Set(findings);
};

function isAccounted(transaction: Transaction, path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.tar-split\.gz$/, "");
  return (["layer", "image", "container"] as const).some(
    (kind) =>
      path.startsWith(`${transaction.core.paths.folder(kind)}/`) &&
      transaction.table(kind).get(name) !== undefined,
  );
}
