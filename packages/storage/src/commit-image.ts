import path from "node:path";
import { DrayageError } from "@drayage/errors";
import { normalizeTime } from "@drayage/manifest";
import { bigDataMembers, factsOf } from "./big-data.ts";
import { bigDataFileName } from "./big-data-name.ts";
import {
  cleaningUp,
  discardStages,
  foreseeLayers,
  type PreparedLayer,
  prepareLayers,
  putLayers,
} from "./commit-layers.ts";
import type { StoreCore } from "./core.ts";
import { flagMap } from "./flags.ts";
import { holdOnDemand } from "./holds.ts";
import { randomId } from "./layer-id.ts";
import { changeNames } from "./names.ts";
import { createReadyFiles, type ReadyFiles } from "./ready-files.ts";
import { isManifestKey } from "./records/formats.ts";
import { stripDuplicateNames } from "./records/own-names.ts";
import type { BigDataFacts, ImageRecord } from "./records/types.ts";
import type { BigDataItem, NewImage, StoreOptions } from "./store.ts";
import { createTemporaryArea } from "./temporary-area.ts";
import { now } from "./time.ts";
import { inTransaction, type Transaction } from "./transaction.ts";

export async function commitImage(
  core: StoreCore,
  image: NewImage,
  { signal }: StoreOptions = {},
): Promise<ImageRecord> {
  const id = image.id ?? randomId();
  const items = uniqueItems(image.bigData ?? []);
  const facts = new Map(items.map((item) => [item.key, factsOf(item)]));
  const created = createdOf(image);
  await using hold = holdOnDemand(core, "a commit of an image");
  const layers = await prepareLayers(core, image.layers, hold);
  const members = { ...recordOf(image, facts), id, created, layer: layers.at(-1)?.id };
  await using area = createTemporaryArea(core.files, core.paths.temporary);
  const dataFolder = area.next("image");
  await writeItems(core, dataFolder, items);
  const ready = createReadyFiles(core.files, area);
  await foreseeLayers(core, layers, ready);
  await foreseeImage(core, { id, members, names: image.names ?? [] }, ready);

  const record = await cleaningUp(core, () =>
    inTransaction(core, ["layer", "image"], {
      signal,
      ready,
      async act(transaction) {
        const existing = requireSameLayer(transaction, id, layers);
        image.check?.(existing);
        await putLayers(transaction, layers, area);
        const images = transaction.table("image");
        if (existing === undefined) {
          area.take(core.paths.data("image", id));
          core.files.rename(dataFolder, core.paths.data("image", id));
          images.add(members);
        } else {
          update(transaction, existing, { image, items, facts });
        }
        changeNames(images, id, { how: "add", names: image.names ?? [] });
        transaction.save();
        return images.get(id);
      },
    }),
  );
  await discardStages(layers);
  if (record === undefined) throw new Error("a record that was added is there");
  return record;
}

function recordOf(
  image: NewImage,
  facts: ReadonlyMap<string, BigDataFacts>,
): Readonly<Record<string, unknown>> {
  return {
    digest: image.digest ?? firstManifest(facts),
    metadata: image.metadata || undefined,
    ...bigDataMembers(facts),
    flags: flagMap(image.flags ?? {}),
  };
}

/** To the disk, before there is any record of them. */
async function writeItems(core: StoreCore, folder: string, items: readonly BigDataItem[]): Promise<void> {
  core.files.makeFolder(folder);
  core.files.makeFolder(core.paths.folder("image"));
  await Promise.all(
    items.map(async ({ key, bytes }) => {
      const file = path.join(folder, bigDataFileName(key));
      core.files.makeFolder(path.dirname(file));
      await core.files.writeNew(file, bytes);
    }),
  );
  await core.files.syncFolder(folder);
}

interface ForeseenImage {
  readonly id: string;
  readonly members: Readonly<Record<string, unknown>>;
  readonly names: readonly string[];
}

async function foreseeImage(
  core: StoreCore,
  { id, members, names }: ForeseenImage,
  ready: ReadyFiles,
): Promise<void> {
  const table = core.catalog.table("image");
  if (table.get(id) !== undefined) return;
  stripDuplicateNames(table);
  table.add(members);
  changeNames(table, id, { how: "add", names });
  await ready.foresee(table);
}

interface ImageUpdate {
  readonly image: NewImage;
  readonly items: readonly BigDataItem[];
  readonly facts: ReadonlyMap<string, BigDataFacts>;
}

/** An image that is there already gets what it lacks, or has otherwise. */
function update(
  { core, table }: Transaction,
  existing: ImageRecord,
  { image, items, facts }: ImageUpdate,
): void {
  const folder = core.paths.data("image", existing.id);
  for (const { key, bytes } of items) {
    const file = path.join(folder, bigDataFileName(key));
    const old = existing.bigData.get(key);
    const same = old?.digest === facts.get(key)?.digest && core.files.size(file) === bytes.length;
    if (!same) core.files.write(file, bytes);
  }
  const all = new Map([...existing.bigData, ...facts]);
  table("image").change(existing.id, {
    digest: existing.digest ?? image.digest ?? firstManifest(all),
    ...bigDataMembers(all),
    ...(image.metadata === undefined ? {} : { metadata: image.metadata || undefined }),
  });
}

function requireSameLayer(
  transaction: Transaction,
  id: string,
  layers: readonly PreparedLayer[],
): ImageRecord | undefined {
  const existing = transaction.table("image").get(id);
  if (existing === undefined || existing.layer === layers.at(-1)?.id) return existing;
  throw new DrayageError(
    "ERR_DRAYAGE_NAME_TAKEN",
    `the store has an image ${id.slice(0, 12)} whose top layer is ${existing.layer ?? "none"}, not ${layers.at(-1)?.id ?? "none"}`,
    { hint: "delete that image first" },
  );
}

function firstManifest(facts: ReadonlyMap<string, BigDataFacts>): string | undefined {
  for (const [key, { digest }] of facts) if (isManifestKey(key)) return digest;
  return undefined;
}

/** Of items with one key, the last. */
function uniqueItems(items: readonly BigDataItem[]): readonly BigDataItem[] {
  return [...new Map(items.map((item) => [item.key, item])).values()];
}

function createdOf({ created }: NewImage): string {
  if (created === undefined) return now();
  const time = normalizeTime(created);
  if (time === undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(created)} is no time of RFC 3339`);
  }
  return time;
}
