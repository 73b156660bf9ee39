import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { bytesBlob } from "@drayage/blob";
import { isDrayageError } from "@drayage/errors";
import type { LayerFiles, StorageDriver } from "@drayage/storage";
import { createMemoryDriver } from "@drayage/storage-driver-memory";
import { overlayDriver } from "@drayage/storage-driver-overlay";
import { vfsDriver } from "@drayage/storage-driver-vfs";
import { requireSys } from "@drayage/sys";
import { type FoundTree, readEdgeFolder } from "@drayage/testkit/edge-layers";
import { unpackImage } from "@drayage/unpack";

/** Layers, the lowest first. */
export type Layers = readonly Uint8Array[];

/** What layers are to one who keeps them: their files, or the code of the error with which they are refused. */
export type Kept = FoundTree | string;

/** All that keep layers, each in folders of its own. What they keep is read as a container would see it. */
export function everyKeeper(folder: string): Readonly<Record<string, (layers: Layers) => Promise<Kept>>> {
  let runs = 0;
  const place = (): string => {
    runs += 1;
    const made = path.join(folder, `${runs}`);
    mkdirSync(made);
    return made;
  };
  return {
    "a plain folder": (layers) => keptBy(() => plain(layers, place())),
    vfs: (layers) => keptBy(() => mounted(vfsDriver(), layers, place())),
    memory: (layers) => keptBy(() => inMemory(layers, place)),
    overlay: (layers) => keptBy(() => mounted(overlayDriver(), layers, place())),
  };
}

async function keptBy(keep: () => Promise<FoundTree>): Promise<Kept> {
  try {
    return await keep();
  } catch (error) {
    if (isDrayageError(error)) return error.code;
    throw error;
  }
}

async function plain(layers: Layers, root: string): Promise<FoundTree> {
  await unpackImage(
    layers.map((layer) => bytesBlob(layer)),
    { root },
  );
  return readEdgeFolder(root);
}

async function mounted(driver: StorageDriver, layers: Layers, folder: string): Promise<FoundTree> {
  try {
    await using files = await driver.open({
      graphRoot: path.join(folder, "root"),
      runRoot: path.join(folder, "run"),
    });
    const top = await addAll(files, layers);
    const found = readEdgeFolder(await files.mount(top, { readOnly: true }));
    await files.unmount(top);
    return found;
  } finally {
    unmountBelow(folder);
  }
}

/** By its own picture of the files, packed and unpacked: its mounts are made of the layers' archives. */
async function inMemory(layers: Layers, place: () => string): Promise<FoundTree> {
  const folder = place();
  await using files = await createMemoryDriver().open({ graphRoot: folder, runRoot: folder });
  const top = await addAll(files, layers);
  await files.create("nothing", undefined);
  const chunks: Uint8Array[] = [];
  for await (const chunk of files.diff(top, { against: "nothing" })) chunks.push(chunk);
  return await plain([Buffer.concat(chunks)], place());
}

/** Adds layers, and gives the id of the last. Without tar-splits, which some archives could not be given back by. */
async function addAll(files: LayerFiles, layers: Layers): Promise<string> {
  let parent: string | undefined;
  for (const [index, layer] of layers.entries()) {
    const id = String(index).repeat(64).slice(0, 64);
    await using staged = await files.stage({ parent });
    await staged.unpack(bytesBlob(layer));
    await staged.settle(parent);
    await staged.commit(id);
    parent = id;
  }
  if (parent === undefined) throw new Error("there is no layer");
  return parent;
}

function unmountBelow(folder: string): void {
  const points = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.reverse()) requireSys("unmount").unmount(point, { detach: true });
}
