import {
  type Blob,
  createStagedFile,
  type DrainResult,
  deflated,
  drain,
  fileBlob,
  inflated,
  temporaryFolder,
  withoutName,
} from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import { mediaTypes } from "@drayage/manifest";
import type {
  DestinationAccepts,
  ImageDestination,
  NewLayerProgress,
  OperationOptions,
} from "@drayage/transport";
import { notePlaced } from "./placed.ts";

/** What the layers of an image can be compressed with. */
export type LayerCompression = "none" | "gzip" | "zstd";

/** A layer that no image has yet: a tar that is made while it is read. */
export interface NewLayer {
  /** Not compressed. Read once, and not at all where {@link NewLayer.known} spares it. */
  readonly tar: Blob;
  /** What an earlier run found of this very tar. It counts only where the destination has a blob of it; else the tar is read. */
  readonly known?: KnownLayer | undefined;
}

/** What is known of a layer without its bytes: plain data. */
export interface KnownLayer {
  /** Of the tar. */
  readonly diffId: Digest;
  readonly tarSize: number;
  /** What was made of it. The tar itself need not be among them. */
  readonly blobs: readonly KnownBlob[];
}

export interface KnownBlob {
  readonly compression: LayerCompression;
  /** As it was asked for; undefined: the usual one. */
  readonly level?: number | undefined;
  readonly digest: Digest;
  readonly size: number;
}

export interface PutNewLayersOptions extends OperationOptions {
  /** For the new layers; what the destination wants, or none, where absent. See {@link compressionFor}. */
  readonly compression?: CompressionWish | undefined;
  /** The type of the manifest that will name them. */
  readonly manifestType: string;
  /** How many layers the image has below the first of these. */
  readonly below: number;
  /** Where a layer waits that may not be put yet: `$TMPDIR` or /var/tmp where absent. */
  readonly temporaryDir?: string | undefined;
  /** Told of every layer that is read. */
  readonly onProgress?: ((event: NewLayerProgress) => void) | undefined;
}

export interface CompressionWish {
  readonly format: LayerCompression;
  readonly level?: number | undefined;
}

/** A layer as the image names it. */
export interface PlacedLayer extends KnownBlob {
  readonly diffId: Digest;
  readonly tarSize: number;
  /** `found`: the destination had it, and no byte was read. `put`: read and sent. `kept`: it waits in a temporary file. */
  readonly how: "found" | "put" | "kept";
  /** Its bytes, for whoever needs them (again): `blobs` of `derivedSource`. */
  readonly blob: Blob;
}

/** New layers where an image can name them. Disposed of when that was copied: temporary files go then. */
export interface PlacedLayers extends AsyncDisposable {
  readonly layers: readonly PlacedLayer[];
}

/**
 * Brings the new layers of an image to a destination before there is a manifest that names them: each is read once, hashed, compressed
 * (in parallel blocks), hashed again and sent, with no copy on a disk. What is known of a layer, and found at the destination, is not
 * read at all. Then the config and manifest can be made, and `copyImage` copies a `derivedSource` of them to the same open destination: it finds
 * these layers there.
 *
 * A destination where the order of blobs shows (an archive) gets them in their order: those that come upon layers of a base wait, compressed, in a
 * temporary file until these are there.
 *
 * This is the floor that @drayage/builder and @drayage/edit stand on.
 *
 * @throws what reading the tars and {@link ImageDestination.putBlob} throw; `ERR_DRAYAGE_USAGE` for a compression that the manifest has no type for
 */
export async function putNewLayers(
  destination: ImageDestination,
  layers: readonly NewLayer[],
  options: PutNewLayersOptions,
): Promise<PlacedLayers> {
  const wish = compressionFor(destination.accepts, options.compression);
  const mediaType = layerMediaType(options.manifestType, wish.format);
  const waits = destination.accepts.keepsOrder === true && options.below > 0;
  const files: AsyncDisposable[] = [];
  const dispose = async (): Promise<void> => {
    for (const file of files.splice(0)) await file[Symbol.asyncDispose]();
  };
  try {
    const placed: PlacedLayer[] = [];
    for (const [index, layer] of layers.entries()) {
      const layerIndex = options.below + index;
      const asked = { ...options, ...wish, mediaType, layerIndex };
      const found = await findKnown(destination, layer, asked);
      if (found !== undefined) {
        placed.push(found);
        continue;
      }
      const tell = teller(layerIndex, options.onProgress);
      tell({ state: "start" });
      const onBytes = (bytes: number): void => tell({ state: "bytes", bytes });
      let made: PlacedLayer;
      if (waits) {
        const spooled = await spoolLayer(layer.tar, { ...options, compression: wish, onBytes });
        files.push(spooled);
        made = spooled.layer;
      } else {
        made = await putLayer(destination, layer, { ...asked, onBytes });
        notePlaced(destination, made.digest);
      }
      placed.push(made);
      const { digest, size, tarSize } = made;
      tell({ state: "done", bytes: tarSize, stored: { digest, size } });
    }
    return { layers: placed, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function teller(
  layerIndex: number,
  onProgress: PutNewLayersOptions["onProgress"],
): (event: Omit<NewLayerProgress, "type" | "layerIndex">) => void {
  return (event) => onProgress?.({ type: "newLayer", layerIndex, ...event });
}

/**
 * What new layers become at a destination: uncompressed where it keeps them so, compressed (with gzip where nothing else is wished) where it wants
 * that, and else what is wished, if anything.
 */
export function compressionFor(
  { layerCompression }: Pick<DestinationAccepts, "layerCompression">,
  wish: CompressionWish | undefined,
): CompressionWish {
  if (layerCompression === "decompress") return { format: "none" };
  if (layerCompression === "compress" && (wish === undefined || wish.format === "none"))
    return { format: "gzip" };
  return wish ?? { format: "none" };
}

/** What a manifest calls a layer. Throws `ERR_DRAYAGE_USAGE` for one that it has no type for: zstd in docker's. */
export function layerMediaType(manifestType: string, compression: LayerCompression): string {
  const types = manifestType === mediaTypes.dockerManifest ? dockerTypes : ociTypes;
  const type = types[compression];
  if (type !== undefined) return type;
  throw new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `media type for ${compression}-compressed layers is not defined`,
    {
      hint: "docker manifests take gzip; choose the OCI format for zstd",
    },
  );
}

const ociTypes: Readonly<Record<string, string>> = {
  none: mediaTypes.ociLayerTar,
  gzip: mediaTypes.ociLayerGzip,
  zstd: mediaTypes.ociLayerZstd,
};

const dockerTypes: Readonly<Record<string, string>> = {
  none: mediaTypes.dockerLayerTar,
  gzip: mediaTypes.dockerLayerGzip,
};

interface Asked extends CompressionWish, OperationOptions {
  readonly mediaType: string;
  readonly layerIndex: number;
  readonly onBytes?: ((total: number) => void) | undefined;
}

/** The layer as the destination has it already, if an earlier run has told what it would be. */
async function findKnown(
  destination: ImageDestination,
  { tar, known }: NewLayer,
  { format, level, mediaType, layerIndex, signal }: Asked,
): Promise<PlacedLayer | undefined> {
  const twin = known === undefined ? undefined : knownBlob(known, { format, level });
  if (known === undefined || twin === undefined || destination.reuseBlob === undefined) return undefined;
  const { digest, size } = twin;
  const put = { kind: "layer", mediaType, layerIndex, signal } as const;
  const found = await destination.reuseBlob({ mediaType, digest, size }, put);
  if (found === undefined) return undefined;
  const { diffId, tarSize } = known;
  return {
    ...{ diffId, tarSize, compression: format, level, digest, size },
    how: "found",
    blob: as(tar, { format, level }, twin),
  };
}

/** What is known of the layer in one compression. */
export function knownBlob(
  { diffId, tarSize, blobs }: KnownLayer,
  { format, level }: CompressionWish,
): KnownBlob | undefined {
  if (format === "none") return { compression: "none", digest: diffId, size: tarSize };
  return blobs.find((blob) => blob.compression === format && blob.level === level);
}

/** What a later run may know of a layer that was made. */
export function knownLayer({ diffId, tarSize, compression, level, digest, size }: PlacedLayer): KnownLayer {
  return { diffId, tarSize, blobs: [{ compression, level, digest, size }] };
}

async function putLayer(
  destination: ImageDestination,
  { tar }: NewLayer,
  { format, level, mediaType, layerIndex, onBytes, signal }: Asked,
): Promise<PlacedLayer> {
  throwIfAborted(signal, "put a layer");
  const blob = as(tar, { format, level });
  const result = await destination.putBlob(blob, { kind: "layer", mediaType, layerIndex, onBytes, signal });
  const facts = factsOf(result, { format, level });
  return { ...facts, how: "put", blob: as(tar, { format, level }, facts) };
}

function factsOf(result: DrainResult, { format, level }: CompressionWish): Omit<PlacedLayer, "blob" | "how"> {
  const { digest, size, stages } = result;
  const tar = format === "none" ? result : (stages.at(-2) ?? result);
  return { diffId: tar.digest, tarSize: tar.size, compression: format, level, digest, size };
}

/** The tar in a compression. */
function as(tar: Blob, { format, level }: CompressionWish, facts?: Pick<KnownBlob, "digest" | "size">): Blob {
  const blob = format === "none" ? tar : deflated(tar, { algorithm: format, level });
  return facts === undefined ? blob : { ...blob, digest: facts.digest, size: facts.size };
}

/** A layer in a temporary file, which is deleted when it is disposed of. */
export interface SpooledLayer extends AsyncDisposable {
  readonly layer: PlacedLayer;
}

/**
 * Reads a layer's tar into a temporary file that is never the tar itself: a layer that is to stay uncompressed is kept compressed with
 * gzip, quickly, and inflated when it is read.
 */
export async function spoolLayer(
  tar: Blob,
  options: OperationOptions & {
    readonly compression: CompressionWish;
    readonly temporaryDir?: string | undefined;
    /** Told how many bytes of the tar were read. */
    readonly onBytes?: ((total: number) => void) | undefined;
  },
): Promise<SpooledLayer> {
  const { signal, compression, temporaryDir, onBytes } = options;
  const { format } = compression;
  const file = await createStagedFile(await temporaryFolder(temporaryDir), { mode: 0o600 });
  try {
    const path = await withoutName(file);
    const kept: CompressionWish = format === "none" ? { format: "gzip", level: 1 } : compression;
    const result = await drain(as(tar, kept), file.sink, { signal, onBytes });
    const found = factsOf(result, kept);
    const { digest, size, diffId, tarSize } = found;
    const what = tar.what === undefined ? undefined : `${tar.what}, kept in a temporary file`;
    const stored = fileBlob(path, { digest, size, what });
    const layer: PlacedLayer =
      format === "none"
        ? {
            ...{ diffId, tarSize, compression: "none", digest: diffId, size: tarSize, how: "kept" },
            blob: inflated(stored, { algorithm: "gzip", digest: diffId, size: tarSize }),
          }
        : { ...found, how: "kept", blob: stored };
    return { layer, [Symbol.asyncDispose]: () => file.discard() };
  } catch (error) {
    await file.discard();
    throw error;
  }
}
