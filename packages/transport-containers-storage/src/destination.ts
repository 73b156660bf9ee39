import { type Blob, type DrainResult, drain } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { DrayageError, isDrayageError, throwIfAborted } from "@drayage/errors";
import {
  configLimit,
  type Descriptor,
  type ImageManifest,
  isImageMediaType,
  manifestDigest,
  manifestLimit,
  mediaTypes,
  parseConfig,
  parseImageManifest,
} from "@drayage/manifest";
import type { Hold, LayerStage } from "@drayage/storage";
import type {
  CommitOptions,
  DestinationAccepts,
  DestinationOptions,
  ImageDestination,
  PutBlobOptions,
  PutManifestOptions,
  RawManifest,
  ReuseBlobOptions,
  ReusedBlob,
  Signature,
} from "@drayage/transport";
import { buildChain, type LayerContent } from "./build-chain.ts";
import { bigDataOf, creationOf, imageIdOf, metadataOf } from "./describe-image.ts";
import { wantedId, wantedNames } from "./names.ts";
import type { BorrowedStore } from "./own-store.ts";
import { type PutLayer, putLayer } from "./put-layers.ts";
import { type ContainersStorageReference, scheme } from "./reference.ts";
import { findReusable } from "./reusable.ts";
import { parseMetadata, type SignatureSizes } from "./signatures.ts";

const manifestTypes: readonly string[] = [
  mediaTypes.ociManifest,
  mediaTypes.dockerManifest,
  mediaTypes.dockerV1SignedManifest,
  mediaTypes.dockerV1Manifest,
];

const accepts: DestinationAccepts = {
  manifestTypes,
  layerCompression: "preserve",
  foreignLayerUrls: false,
  parallelBlobs: 6,
  multipleImages: false,
};

export interface StoreDestinationOptions
  extends Pick<
    DestinationOptions,
    "additionalTags" | "blobInfoCache" | "onWarning" | "signal" | "temporaryDir"
  > {
  /** Whether compressed blobs are kept as they came, beside their files. */
  readonly keepBlobs: boolean;
}

/** Begins an image in a store, which is closed with the destination. */
export async function openStoreDestination(
  reference: ContainersStorageReference,
  borrowed: BorrowedStore,
  options: StoreDestinationOptions,
): Promise<ImageDestination> {
  const { store } = borrowed;
  const { keepBlobs, temporaryDir, blobInfoCache } = options;
  store.requireStaging();
  const label = `${scheme}:${reference.text}`;
  const id = wantedId(reference, await store.read({ signal: options.signal }));
  const names = wantedNames(reference, options.additionalTags);

  /** Of blobs that were put, by their digests: the same one may be put for several places. */
  const put = new Map<Digest, PutLayer[]>();
  /** The diffIDs of blobs that the store has. */
  const reused = new Map<Digest, Digest>();
  const configs = new Map<Digest, Uint8Array>();
  const working = new Set<Promise<unknown>>();
  let holding: Promise<Hold> | undefined;
  let manifest: { readonly parsed: ImageManifest; readonly digest: Digest } | undefined;
  let signatures: readonly Signature[] = [];
  let state: "closed" | "committed" | "open" = "open";

  const hold = (): Promise<Hold> => (holding ??= store.hold([], { why: `a copy to ${label}` }));

  async function putBlob(blob: Blob, asked: PutBlobOptions): Promise<DrainResult> {
    checkOpen();
    throwIfAborted(asked.signal);
    const { signal, onBytes } = asked;
    if (asked.kind === "config") {
      const { result, bytes } = await collect(blob, { signal, onBytes });
      configs.set(result.digest, bytes);
      return result;
    }
    const layer = await putLayer(store, blob, { keepBlob: keepBlobs, temporaryDir, signal, onBytes });
    const { digest } = layer.result;
    put.set(digest, [...(put.get(digest) ?? []), layer]);
    return layer.result;
  }

  async function reuseBlob(
    { digest, size }: Descriptor,
    { kind, signal }: ReuseBlobOptions,
  ): Promise<ReusedBlob | undefined> {
    checkOpen();
    throwIfAborted(signal);
    if (kind === "config") {
      const bytes = configs.get(digest) ?? (await storedConfig(digest, signal));
      if (bytes === undefined || (size !== -1 && bytes.length !== size)) return undefined;
      configs.set(digest, bytes);
      return { size: bytes.length };
    }
    const mine = put.get(digest)?.[0];
    if (mine !== undefined) {
      return size !== -1 && mine.result.size !== size ? undefined : { size: mine.result.size };
    }
    const wanted = { digest, size, cache: blobInfoCache, withBlob: keepBlobs };
    const found = findReusable(await store.read({ signal }), await knownTar(digest), wanted);
    if (found === undefined) return undefined;
    await (await hold()).add([found.layer]);
    // Held from now on; a moment ago it was not.
    const again = findReusable(await store.read({ signal }), await knownTar(digest), wanted);
    if (again?.layer !== found.layer) return undefined;
    reused.set(digest, found.diffId);
    return { size: found.size };
  }

  async function knownTar(digest: Digest): Promise<Digest | undefined> {
    return blobInfoCache?.uncompressedDigest(digest);
  }

  async function storedConfig(
    digest: Digest,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array | undefined> {
    const { images } = await store.read({ signal });
    const image = images.find(({ bigData }) => bigData.get(digest)?.digest === digest);
    if (image === undefined) return undefined;
    try {
      return await store.bigData("image", image.id, digest, { limit: configLimit, signal });
    } catch (error) {
      // Its image may have been deleted just now, or be damaged: then it is put anew.
      if (isDrayageError(error, "ERR_DRAYAGE_ABORTED")) throw error;
      return undefined;
    }
  }

  async function putManifest(bytes: Uint8Array, { mediaType, instance }: PutManifestOptions): Promise<void> {
    checkOpen();
    if (bytes.length > manifestLimit) {
      throw new DrayageError(
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
        `${label}: the manifest has ${bytes.length} bytes, and at most ${manifestLimit} are taken`,
      );
    }
    if (instance !== undefined || !isImageMediaType(mediaType)) {
      throw new DrayageError(
        "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
        `${label}: a store keeps single images, no ${mediaType}${instance === undefined ? "" : " with its members"}`,
        { hint: "copy one image of the index, chosen by its platform" },
      );
    }
    manifest = { parsed: parseImageManifest(bytes, mediaType), digest: manifestDigest(bytes) };
  }

  async function commit({ origin, signal }: CommitOptions = {}): Promise<void> {
    checkOpen();
    throwIfAborted(signal);
    if (manifest === undefined) {
      throw new DrayageError("ERR_DRAYAGE_USAGE", `${label}: there is no manifest to commit`);
    }
    const { parsed, digest } = manifest;
    checkDigest(digest, origin);
    const config = parsed.config === undefined ? undefined : configs.get(parsed.config.digest);
    if (parsed.config !== undefined && config === undefined) throw notPut(parsed.config.digest, "config");
    const stages: LayerStage[] = [];
    const added: string[] = [];
    try {
      const chain = await buildChain(store, contentsOf(parsed), {
        hold: await hold(),
        signal,
        onStage: (stage) => void stages.push(stage),
        onAdded: (layer) => void added.push(layer),
      });
      warnOfOtherLayers(parsed, config, chain.diffIds);
      const imageId = id ?? imageIdOf(parsed, chain.diffIds);
      const { bigData, sizes } = bigDataOf({ manifest: parsed, digest, config, signatures, origin });
      const before = (await store.read({ signal })).images.find((image) => image.id === imageId);
      const image = {
        id: imageId,
        layers: chain.layers,
        names,
        metadata: metadataOf(digest, sizes, signaturesBefore(before?.metadata)),
        created: creationOf({ manifest: parsed, config }),
        bigData,
      };
      await store.commitImage(image, { signal });
      state = "committed";
    } finally {
      for (const stage of stages) await stage.discard();
      if (state !== "committed") await takeBack(added);
    }
    await release();
  }

  function contentsOf({ layers }: ImageManifest): readonly LayerContent[] {
    const waiting = new Map<Digest, PutLayer[]>([...put].map(([digest, all]) => [digest, [...all]]));
    return layers.flatMap(({ digest, emptyLayer }): readonly LayerContent[] => {
      if (emptyLayer === true) return [];
      const own = waiting.get(digest);
      // The last one stands for all further places of the same layer.
      const layer = own !== undefined && own.length > 1 ? own.shift() : own?.[0];
      if (layer !== undefined) return [{ kind: "put", layer }];
      const diffId = reused.get(digest);
      if (diffId !== undefined) return [{ kind: "present", diffId }];
      throw notPut(digest, "layer");
    });
  }

  function notPut(digest: Digest, what: string): DrayageError {
    return new DrayageError(
      "ERR_DRAYAGE_BLOB_NOT_FOUND",
      `${label}: the ${what} ${digest} of the manifest was not put`,
    );
  }

  /** A name with a digest can only be given to what has it. */
  function checkDigest(digest: Digest, origin: RawManifest | undefined): void {
    const wanted = reference.dockerReference?.digest;
    if (wanted === undefined || wanted === digest) return;
    if (origin !== undefined && manifestDigest(origin.bytes) === wanted) return;
    throw new DrayageError("ERR_DRAYAGE_DIGEST_MISMATCH", `${label}: the image's manifest is ${digest}`, {
      hint: "leave out the digest of the destination, or copy the image that has it",
    });
  }

  function warnOfOtherLayers(
    { isArtifact }: ImageManifest,
    config: Uint8Array | undefined,
    diffIds: readonly Digest[],
  ): void {
    if (config === undefined || isArtifact) return;
    const said = parseConfig(config).rootfs?.diff_ids ?? [];
    if (said.length === diffIds.length && said.every((diffId, index) => diffId === diffIds[index])) return;
    options.onWarning?.(
      `${label}: the image's config names other layers than it has: docker would refuse it`,
    );
  }

  /** What is kept of signatures that an image of the same ID has under another manifest. */
  function signaturesBefore(metadata: string | undefined): SignatureSizes["byManifest"] {
    try {
      return parseMetadata(metadata, label).byManifest;
    } catch (error) {
      if (isDrayageError(error, "ERR_DRAYAGE_STORE_INVALID")) return new Map();
      throw error;
    }
  }

  /** Deletes layers that were added for an image that did not come, the top first. */
  async function takeBack(added: readonly string[]): Promise<void> {
    await release();
    for (const layer of [...added].reverse()) {
      try {
        await store.deleteLayer(layer);
      } catch (error) {
        // Others found it meanwhile, and build on it; or it is gone. Else a check finds it.
        const isFine = ["ERR_DRAYAGE_IN_USE", "ERR_DRAYAGE_LAYER_NOT_FOUND"].includes(
          isDrayageError<string>(error) ? error.code : "",
        );
        if (!isFine) options.onWarning?.(`${label}: the layer ${layer} could not be removed again`);
      }
    }
  }

  async function release(): Promise<void> {
    const held = await holding?.catch(() => undefined);
    holding = undefined;
    await held?.release();
  }

  async function discard(): Promise<void> {
    for (const layer of [...put.values()].flat()) await layer[Symbol.asyncDispose]();
    put.clear();
  }

  async function closeOnce(): Promise<void> {
    if (state === "open") state = "closed";
    await Promise.all(working);
    try {
      await discard();
      await release();
    } finally {
      await borrowed[Symbol.asyncDispose]();
    }
  }

  function checkOpen(): void {
    if (state === "open") return;
    throw new DrayageError("ERR_DRAYAGE_USAGE", `the destination ${label} is ${state} already`);
  }

  function track<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    working.add(settled);
    void settled.then(() => working.delete(settled));
    return work;
  }

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= closeOnce());
  return {
    reference,
    accepts,
    reuseBlob: (descriptor, asked) => track(reuseBlob(descriptor, asked)),
    putBlob: (blob, asked) => track(putBlob(blob, asked)),
    putManifest,
    async putSignatures(given) {
      checkOpen();
      signatures = given;
    },
    commit,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A small blob's bytes, verified, and what they are. */
async function collect(
  blob: Blob,
  options: Pick<PutBlobOptions, "onBytes" | "signal">,
): Promise<{ readonly result: DrainResult; readonly bytes: Uint8Array }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const write = (chunk: Uint8Array): void => {
    size += chunk.length;
    if (size > configLimit) {
      throw new DrayageError(
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
        `the config has more than the ${configLimit} bytes that are taken`,
      );
    }
    chunks.push(chunk.slice());
  };
  const result = await drain(blob, { kind: "writer", write }, options);
  const bytes = new Uint8Array(size);
  let position = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, position);
    position += chunk.length;
  }
  return { result, bytes };
}
