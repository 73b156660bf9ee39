import type { Blob } from "@drayage/blob";
import {
  type CompressionWish,
  layerMediaType,
  type NewLayer,
  type PlacedLayer,
  putNewLayers,
  spoolLayer,
} from "@drayage/copy";
import type { Digest } from "@drayage/digest";
import type { Descriptor } from "@drayage/manifest";
import type { ImageDestination, NewLayerProgress, OperationOptions } from "@drayage/transport";

/** Where new layers go when they are made, before anything names them. */
export interface LayerTarget extends OperationOptions {
  /**
   * The open destination that the edited image is copied to afterwards: layers are read once, hashed, compressed and sent. Where absent they wait,
   * compressed, in a temporary file.
   */
  readonly destination?: ImageDestination | undefined;
  /** What the destination wants, or gzip, where absent. */
  readonly compression?: CompressionWish | undefined;
  /** `$TMPDIR` or /var/tmp where absent. */
  readonly temporaryDir?: string | undefined;
  /** Told of every layer that is put to the destination. */
  readonly onProgress?: ((event: NewLayerProgress) => void) | undefined;
}

/** What has to be disposed of when an edited image was copied. */
export interface Leftovers {
  add(thing: AsyncDisposable): void;
  close(): Promise<void>;
}

export function createLeftovers(): Leftovers {
  const things: AsyncDisposable[] = [];
  return {
    add: (thing) => void things.push(thing),
    async close() {
      for (const thing of things.splice(0).reverse()) await thing[Symbol.asyncDispose]();
    },
  };
}

/** Brings new layers to where they can be copied from. */
export async function placeLayers(
  layers: readonly NewLayer[],
  place: { readonly manifestType: string; readonly below: number; readonly leftovers: Leftovers },
  target: LayerTarget,
): Promise<readonly PlacedLayer[]> {
  const { destination, signal, temporaryDir, onProgress } = target;
  if (destination !== undefined) {
    const compression = target.compression ?? { format: "gzip" };
    const placed = await putNewLayers(destination, layers, {
      ...place,
      ...{ signal, temporaryDir, compression, onProgress },
    });
    place.leftovers.add(placed);
    return placed.layers;
  }
  const placed: PlacedLayer[] = [];
  for (const { tar } of layers) {
    const compression = target.compression ?? { format: "gzip" };
    const spooled = await spoolLayer(tar, { signal, temporaryDir, compression });
    place.leftovers.add(spooled);
    placed.push(spooled.layer);
  }
  return placed;
}

/** Layers as a manifest names them, and where their bytes are. */
export interface NamedLayers {
  readonly descriptors: readonly Descriptor[];
  readonly diffIds: readonly Digest[];
  readonly blobs: ReadonlyMap<Digest, Blob>;
}

export function namedLayers(
  layers: readonly Pick<PlacedLayer, "compression" | "digest" | "size" | "diffId" | "blob">[],
  manifestType: string,
): NamedLayers {
  return {
    descriptors: layers.map(({ compression, digest, size }) => ({
      mediaType: layerMediaType(manifestType, compression),
      digest,
      size,
    })),
    diffIds: layers.map(({ diffId }) => diffId),
    blobs: new Map(layers.map(({ digest, blob }) => [digest, blob])),
  };
}
