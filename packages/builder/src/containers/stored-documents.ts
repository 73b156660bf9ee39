import { readBlob } from "@drayage/blob";
import { DrayageError, isDrayageError } from "@drayage/errors";
import {
  chooseInstance,
  configLimit,
  isIndexMediaType,
  manifestDigest,
  type PlatformWish,
  parseImageIndex,
  parseImageManifest,
} from "@drayage/manifest";
import type { ImageRecord, Store } from "@drayage/storage";
import type { OperationOptions, RawManifest } from "@drayage/transport";
import { containersStorage } from "@drayage/transport-containers-storage";

/** The documents of an image of a store. */
export interface StoredDocuments {
  readonly manifest: RawManifest;
  /** Of what the store keeps as the image's manifest, which may be the index that it came from. */
  readonly digest: string;
  /** Empty for docker v2s1. */
  readonly config: Uint8Array;
}

export async function readStoredDocuments(
  store: Store,
  image: ImageRecord,
  options: OperationOptions & { readonly platform?: PlatformWish | undefined } = {},
): Promise<StoredDocuments> {
  const { signal, platform } = options;
  const transport = containersStorage({ store });
  await using source = await transport.openSource(transport.parse(`@${image.id}`), { signal });
  const own = await source.manifest(undefined, { signal });
  const digest = manifestDigest(own.bytes);
  const manifest = isIndexMediaType(own.mediaType)
    ? await source.manifest(chooseInstance(parseImageIndex(own.bytes, own.mediaType), { platform }).digest, {
        signal,
      })
    : own;
  const { config } = parseImageManifest(manifest.bytes, manifest.mediaType);
  if (config === undefined) return { manifest, digest, config: new Uint8Array(0) };
  try {
    const blob = await source.blob(config, { signal });
    return { manifest, digest, config: await readBlob(blob, { limit: configLimit, signal }) };
  } catch (error) {
    if (!isDrayageError(error, "ERR_DRAYAGE_BLOB_NOT_FOUND")) throw error;
    throw new DrayageError(
      "ERR_DRAYAGE_STORE_INVALID",
      `the image ${image.id.slice(0, 12)} lacks its config ${config.digest}`,
      { hint: "delete the image, and pull it again", cause: error },
    );
  }
}
