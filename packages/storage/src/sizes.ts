import path from "node:path";
import { isDrayageError, throwIfAborted } from "@drayage/errors";
import type { StoreCore } from "./core.ts";
import type { ImageRecord, LayerRecord } from "./records/types.ts";
import type { ImageSize, StoreOptions } from "./store.ts";
import type { StoreView } from "./view/contract.ts";

const fileLimit = 4096;

/** The bytes of a layer's tar as its record says; else of its files, which are counted once and remembered in a file of ours. */
export async function layerSize(core: StoreCore, layer: LayerRecord): Promise<number> {
  if (layer.diffSize !== undefined && layer.diffSize >= 0) return layer.diffSize;
  const remembered = readSize(core, layer);
  if (remembered !== undefined) return remembered;
  const size = await core.layerFiles.size(layer.id, { parent: layer.parent });
  // What a container writes to changes.
  if (isFinal(core.catalog.view(), layer)) remember(core, layer, size);
  return size;
}

export async function forgetSize({ files, paths }: StoreCore, layerId: string): Promise<void> {
  await files.remove(sizeFile(paths.own, layerId));
}

export async function imageSize(
  core: StoreCore,
  { view, image }: { readonly view: StoreView; readonly image: ImageRecord },
  { signal }: StoreOptions = {},
): Promise<ImageSize> {
  let layers = 0;
  let unique = 0;
  for (const layer of view.imageLayers(image)) {
    throwIfAborted(signal, "count an image's bytes");
    const size = await layerSize(core, layer);
    layers += size;
    if (view.imagesOn(layer.id).every((other) => other.id === image.id)) unique += size;
  }
  const bigData = [...image.bigData.values()].reduce((sum, { size }) => sum + Math.max(size, 0), 0);
  return { total: layers + bigData, layers, unique, bigData };
}

function isFinal(view: StoreView, layer: LayerRecord): boolean {
  if (view.containersOn(layer.id).some((container) => container.layer === layer.id)) return false;
  return view.children(layer.id).length > 0 || view.imagesOn(layer.id).length > 0;
}

function sizeFile(own: string, layerId: string): string {
  return path.join(own, "layer-sizes", layerId);
}

/** Undefined for that of another layer that had the same id, and for what a power cut left of the file. */
function readSize({ files, paths }: StoreCore, layer: LayerRecord): number | undefined {
  const file = sizeFile(paths.own, layer.id);
  const bytes = files.read(file, fileLimit);
  if (bytes === undefined) return undefined;
  const [created, size, ...rest] = Buffer.from(bytes).toString().split(" ");
  const whole = size !== undefined && rest.length === 0 && /^\d+$/.test(size);
  return whole && created === layer.created ? Number(size) : undefined;
}

function remember({ files, paths }: StoreCore, layer: LayerRecord, size: number): void {
  try {
    files.write(sizeFile(paths.own, layer.id), Buffer.from(`${layer.created} ${size}`), { volatile: true });
  } catch (error) {
    // Whoever may only read the store counts again the next time.
    if (!isDrayageError(error, "ERR_DRAYAGE_IO")) throw error;
  }
}
