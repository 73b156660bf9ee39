import type { Digest } from "@drayage/digest";
import type { LayerRecord, StoreView } from "@drayage/storage";
import { keptBlob } from "./big-data.ts";

export interface WantedLayer {
  readonly digest: Digest;
  /** -1 where it is not known. */
  readonly size: number;
  /** Whether it is to be kept compressed, too. */
  readonly withBlob: boolean;
}

export interface ReusableLayer {
  /** The ID of the layer. */
  readonly layer: string;
  readonly diffId: Digest;
  /** Of the blob that was asked for. */
  readonly size: number;
}

/**
 * A layer of the store with the content of a blob: it has the same tar, came as the same blob, or has the tar that the blob is known to
 * unpack to.
 *
 * @param tar what the blob unpacks to, where this machine has seen that
 */
export function findReusable(
  view: StoreView,
  tar: Digest | undefined,
  { digest, size, withBlob }: WantedLayer,
): ReusableLayer | undefined {
  const plain = view.layersByDiffDigest(digest).map((layer) => candidate(layer, layer.diffSize));
  const compressed = view
    .layersByCompressedDigest(digest)
    .filter((layer) => !withBlob || layer.bigDataNames.includes(keptBlob))
    .map((layer) => candidate(layer, layer.compressedSize));
  const byTar =
    tar === undefined || withBlob || size < 0
      ? []
      : view.layersByDiffDigest(tar).map((layer) => candidate(layer, size));
  return [...plain, ...compressed, ...byTar].find(
    (found) => found !== undefined && (size < 0 || found.size === size),
  );
}

function candidate(
  { id, diffDigest, incomplete }: LayerRecord,
  size: number | undefined,
): ReusableLayer | undefined {
  if (diffDigest === undefined || size === undefined || incomplete) return undefined;
  return { layer: id, diffId: diffDigest, size };
}
