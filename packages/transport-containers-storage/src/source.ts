import { type Blob, bytesBlob } from "@drayage/blob";
import { type Digest, digestAlgorithm } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import {
  configLimit,
  type Descriptor,
  emptyLayer,
  emptyLayerDigest,
  guessMediaType,
  type ImageManifest,
  type LayerDescriptor,
  manifestDigest,
  manifestLimit,
  mediaTypes,
} from "@drayage/manifest";
import type { ImageRecord, LayerRecord, Store, StoreView } from "@drayage/storage";
import type { ImageSource, OperationOptions, RawManifest, Signature } from "@drayage/transport";
import { keptBlob, manifestItem, manifestKey } from "./big-data.ts";
import type { BorrowedStore } from "./own-store.ts";
import { type ContainersStorageReference, scheme } from "./reference.ts";
import { resolveRecord } from "./resolve.ts";
import { parseMetadata, signaturesKey, splitSignatures } from "./signatures.ts";

/** Opens an image of a store, which is closed with it. */
export async function openStoredImage(
  reference: ContainersStorageReference,
  borrowed: BorrowedStore,
  { signal }: OperationOptions = {},
): Promise<ImageSource> {
  const { store } = borrowed;
  const view = await store.read({ signal });
  const image = await resolveRecord(store, view, reference);
  const label = `${scheme}:${reference.text}`;
  const chain = view.imageLayers(image);

  async function manifest(instance?: Digest, { signal: mine }: OperationOptions = {}): Promise<RawManifest> {
    throwIfAborted(mine, `read a manifest of ${label}`);
    const bytes = await readManifest(store, image, instance ?? reference.dockerReference?.digest, {
      exact: instance !== undefined,
      label,
    });
    return { bytes, mediaType: guessMediaType(bytes) };
  }

  async function blob(descriptor: Descriptor, { signal: mine }: OperationOptions = {}): Promise<Blob> {
    throwIfAborted(mine, `read a blob of ${label}`);
    const { digest, size } = descriptor;
    const found = await openBlobOf(store, { image, chain, digest });
    if (found === undefined) throw notThere(label, descriptor, chain);
    // What the descriptor says is verified by whoever reads it.
    return { ...found, digest, size: size < 0 ? found.size : size };
  }

  async function layers(parsed: ImageManifest): Promise<readonly LayerDescriptor[]> {
    return layersThatAreThere(parsed, chain, label);
  }

  async function signatures(
    instance?: Digest,
    { signal: mine }: OperationOptions = {},
  ): Promise<readonly Signature[]> {
    throwIfAborted(mine, `read the signatures of ${label}`);
    const { own, byManifest } = parseMetadata(image.metadata, label);
    const sizes = instance === undefined ? own : (byManifest.get(instance) ?? []);
    if (sizes.length === 0) return [];
    const key = instance === undefined ? "signatures" : signaturesKey(instance);
    return splitSignatures(await store.bigData("image", image.id, key), sizes, label);
  }

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= Promise.resolve(borrowed[Symbol.asyncDispose]()));
  return { reference, manifest, blob, layers, signatures, close, [Symbol.asyncDispose]: close };
}

/**
 * A manifest of an image: that of the digest, or, unless it has to be this very one, the image's own.
 *
 * @throws `ERR_DRAYAGE_BLOB_NOT_FOUND`, `ERR_DRAYAGE_STORE_INVALID`, `ERR_DRAYAGE_DIGEST_MISMATCH`
 */
async function readManifest(
  store: Store,
  image: ImageRecord,
  digest: Digest | undefined,
  { exact, label }: { readonly exact: boolean; readonly label: string },
): Promise<Uint8Array> {
  const read = (key: string): Promise<Uint8Array> =>
    store.bigData("image", image.id, key, { limit: manifestLimit });
  if (digest !== undefined && image.bigData.has(manifestKey(digest))) {
    return checked(await read(manifestKey(digest)), digest, label);
  }
  if (!image.bigData.has(manifestItem)) {
    throw new DrayageError("ERR_DRAYAGE_STORE_INVALID", `${label}: the image ${image.id} has no manifest`, {
      hint: "whoever stored it was interrupted: delete it, and pull it again",
    });
  }
  const own = await read(manifestItem);
  if (digest === undefined || !exact) return own;
  // Images that were stored before 2019 have their manifest under no other name.
  if (manifestDigest(own, digestAlgorithm(digest)) === digest) return own;
  throw new DrayageError("ERR_DRAYAGE_BLOB_NOT_FOUND", `${label}: there is no manifest ${digest}`, {
    hint: "a store keeps one image of an index",
  });
}

function checked(bytes: Uint8Array, digest: Digest, label: string): Uint8Array {
  const actual = manifestDigest(bytes, digestAlgorithm(digest));
  if (actual === digest) return bytes;
  throw new DrayageError(
    "ERR_DRAYAGE_DIGEST_MISMATCH",
    `${label}: the manifest ${digest} hashes to ${actual}`,
    { hint: "the store is damaged: pull the image again" },
  );
}

interface WantedBlob {
  readonly image: ImageRecord;
  /** The image's layers. */
  readonly chain: readonly LayerRecord[];
  readonly digest: Digest;
}

async function openBlobOf(store: Store, { image, chain, digest }: WantedBlob): Promise<Blob | undefined> {
  const kept = chain.find((layer) => layer.compressedDigest === digest && hasBlob(layer));
  if (kept !== undefined) return store.bigDataBlob("layer", kept.id, keptBlob);
  const layer = chain.find(({ diffDigest }) => diffDigest === digest);
  if (layer !== undefined) return store.diffBlob(layer);
  if (image.bigData.has(digest)) {
    return bytesBlob(await store.bigData("image", image.id, digest, { limit: configLimit }), { digest });
  }
  return digest === emptyLayerDigest ? bytesBlob(emptyLayer().bytes, { digest }) : undefined;
}

function hasBlob({ bigDataNames }: LayerRecord): boolean {
  return bigDataNames.includes(keptBlob);
}

/** The layers of a manifest as they can be read: the blob that was kept, else the tar. */
function layersThatAreThere(
  { layers, mediaType }: ImageManifest,
  chain: readonly LayerRecord[],
  label: string,
): readonly LayerDescriptor[] {
  const isOci = mediaType === mediaTypes.ociManifest;
  const tarType = isOci ? mediaTypes.ociLayerTar : mediaTypes.dockerLayerTar;
  const records = [...chain];
  const found = layers.map((layer): LayerDescriptor | undefined => {
    if (layer.emptyLayer === true) return { ...emptyLayer().descriptor, emptyLayer: true };
    const record = records.shift();
    if (record === undefined) return undefined;
    const { diffDigest, diffSize = -1 } = record;
    const isKept = hasBlob(record) && record.compressedDigest === layer.digest;
    if (isKept || diffDigest === layer.digest || diffDigest === undefined) return layer;
    return { mediaType: tarType, digest: diffDigest, size: diffSize };
  });
  const complete = found.filter((layer) => layer !== undefined);
  if (complete.length === layers.length && records.length === 0) return complete;
  throw new DrayageError(
    "ERR_DRAYAGE_STORE_INVALID",
    `${label}: the image has ${chain.length} layers, which are not those of its manifest`,
    { hint: "the store is damaged: delete the image, and pull it again" },
  );
}

function notThere(label: string, { digest }: Descriptor, chain: readonly LayerRecord[]): DrayageError {
  const unpacked = chain.find(({ compressedDigest }) => compressedDigest === digest);
  const hint =
    unpacked === undefined
      ? "check the digest"
      : `the store keeps this layer unpacked, and gives its tar, ${unpacked.diffDigest ?? "of which it knows no digest"}`;
  return new DrayageError("ERR_DRAYAGE_BLOB_NOT_FOUND", `${label}: there is no blob ${digest}`, { hint });
}

/** What the image's manifest is. */
export async function resolveStored(
  reference: ContainersStorageReference,
  { store }: BorrowedStore,
  view: StoreView,
): Promise<Descriptor> {
  const image = await resolveRecord(store, view, reference);
  const label = `${scheme}:${reference.text}`;
  const bytes = await readManifest(store, image, reference.dockerReference?.digest, { exact: false, label });
  return { mediaType: guessMediaType(bytes), digest: manifestDigest(bytes), size: bytes.length };
}
