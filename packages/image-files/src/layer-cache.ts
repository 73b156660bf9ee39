import {
  type Blob,
  createStagedFile,
  drain,
  fileBlob,
  type StagedFile,
  temporaryFolder,
  withoutName,
} from "@drayage/blob";
import type { Descriptor } from "@drayage/manifest";
import type { ImageSource } from "@drayage/transport";
import type { LayerTree } from "./layer-tree.ts";
import { readLayer } from "./read-layer.ts";

/** Where the blobs of layers are. */
export type LayerSource = Pick<ImageSource, "blob">;

/** What is known of layers by their digests. Two images that share layers may share it, and read each once. */
export interface LayerCache extends AsyncDisposable {
  /** How many layers were read. */
  readonly read: number;
  tree(source: LayerSource, layer: Descriptor, signal: AbortSignal | undefined): Promise<LayerTree>;
  /** The layer's bytes as they are stored: from a temporary file where fetching them again would be a request. */
  blob(source: LayerSource, layer: Descriptor, signal: AbortSignal | undefined): Promise<Blob>;
}

export interface LayerCacheOptions {
  /** Whether each file's content is hashed, so that files can be compared. */
  readonly digests?: boolean | undefined;
  /** Where layers of a registry are kept until the cache is disposed of; `$TMPDIR`, then `/var/tmp` where absent. */
  readonly temporaryDir?: string | undefined;
  /** The most entries of one layer; 4 million where absent. */
  readonly maximumEntries?: number | undefined;
}

export function createLayerCache(options: LayerCacheOptions = {}): LayerCache {
  const { digests, maximumEntries = 4_000_000 } = options;
  const trees = new Map<string, Promise<LayerTree>>();
  const files = new Map<string, Promise<Blob>>();
  const staged: StagedFile[] = [];

  async function fetched(
    source: LayerSource,
    layer: Descriptor,
    signal: AbortSignal | undefined,
  ): Promise<Blob> {
    const blob = await source.blob(layer, { signal });
    if (blob.origin.kind !== "stream") return blob;
    const file = await createStagedFile(await temporaryFolder(options.temporaryDir), { mode: 0o600 });
    staged.push(file);
    const path = await withoutName(file);
    const { digest, size } = await drain(blob, file.sink, { signal });
    return fileBlob(path, { digest, size, what: blob.what });
  }
  const own: LayerCache = {
    get read() {
      return trees.size;
    },
    tree(source, layer, signal) {
      const found = trees.get(layer.digest);
      if (found !== undefined) return found;
      const made = own
        .blob(source, layer, signal)
        .then((blob) => readLayer(layer, blob, { signal, digests, maximumEntries }));
      return remember(trees, layer.digest, made);
    },
    blob(source, layer, signal) {
      const found = files.get(layer.digest);
      return found ?? remember(files, layer.digest, fetched(source, layer, signal));
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([...trees.values(), ...files.values()]);
      for (const file of staged.splice(0)) await file.discard();
    },
  };
  return own;
}

/** What failed is not remembered: it may go well the next time. */
function remember<T>(map: Map<string, Promise<T>>, key: string, promise: Promise<T>): Promise<T> {
  map.set(key, promise);
  promise.catch(() => map.delete(key));
  return promise;
}
