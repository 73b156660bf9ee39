import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Blob, createStagedFile, deflated, drain, fileBlob } from "@drayage/blob";
import type { LayerCache, LayerKey } from "@drayage/build-context";
import {
  type CompressionWish,
  compressionFor,
  knownLayer,
  type NewLayer,
  type PlacedLayer,
  type PlacedLayers,
  type PutNewLayersOptions,
  putNewLayers,
} from "@drayage/copy";
import { ioError } from "@drayage/errors";
import type { ImageDestination, OperationOptions } from "@drayage/transport";
import type { LayerToMake } from "./container-layers.ts";

export interface PlaceLayersOptions extends PutNewLayersOptions {
  readonly cache: LayerCache;
  /** A folder where the blobs are kept, too, each by its digest. */
  readonly blobDirectory?: string | undefined;
}

/**
 * Brings new layers to a destination: those of unchanged trees that it has are not read, and what is found out of the others is remembered.
 *
 * @throws what `putNewLayers` throws
 */
export async function placeLayers(
  destination: ImageDestination,
  layers: readonly LayerToMake[],
  options: PlaceLayersOptions,
): Promise<PlacedLayers> {
  const { cache, blobDirectory, signal } = options;
  const keys: (LayerKey | undefined)[] = [];
  const notes: (string | undefined)[] = [];
  const wanted: NewLayer[] = [];
  for (const layer of layers) {
    const key = await layer.key({ signal });
    const known = key === undefined ? undefined : await cache.find(key);
    const isEnough = layer.note === undefined || known?.note !== undefined;
    keys.push(key);
    notes.push(known?.note);
    wanted.push({ tar: layer.tar, known: isEnough ? known : undefined });
  }
  const placed =
    blobDirectory === undefined
      ? await putNewLayers(destination, wanted, options)
      : await keepLayers(blobDirectory, wanted, {
          signal,
          wish: compressionFor(destination.accepts, options.compression),
        });
  try {
    for (const [index, layer] of placed.layers.entries()) {
      const [key, text] = [keys[index], notes[index]];
      const note = layers[index]?.note;
      if (layer.how === "found") {
        if (text !== undefined) note?.set(text);
      } else if (key !== undefined) {
        await cache.record(key, { ...knownLayer(layer), note: note?.get() });
      }
    }
    return placed;
  } catch (error) {
    await placed[Symbol.asyncDispose]();
    throw error;
  }
}

/** Puts layers into a folder of blobs, from where they are copied. */
async function keepLayers(
  folder: string,
  layers: readonly NewLayer[],
  options: OperationOptions & { readonly wish: CompressionWish },
): Promise<PlacedLayers> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw ioError(error, "create the folder", { path: folder });
  }
  const placed: PlacedLayer[] = [];
  for (const { tar } of layers) placed.push(await keepLayer(folder, tar, options));
  return { layers: placed, [Symbol.asyncDispose]: async () => {} };
}

async function keepLayer(
  folder: string,
  tar: Blob,
  { wish: { format, level }, signal }: OperationOptions & { readonly wish: CompressionWish },
): Promise<PlacedLayer> {
  const blob = format === "none" ? tar : deflated(tar, { algorithm: format, level });
  await using file = await createStagedFile(folder, { mode: 0o600 });
  const result = await drain(blob, file.sink, { signal });
  const { digest, size, stages } = result;
  const path = join(folder, digest);
  await file.commit(path);
  const inner = format === "none" ? result : (stages.at(-2) ?? result);
  return {
    ...{ diffId: inner.digest, tarSize: inner.size, compression: format, level, digest, size },
    how: "kept",
    blob: fileBlob(path, { digest, size, what: tar.what }),
  };
}
