import type { CompressionAlgorithm, DrainResult } from "@drayage/blob";
import { type Blob, bytesBlob, deflated, drain, inflated, peekBlob } from "@drayage/blob";
import { detectCompression, magicLength } from "@drayage/compression";
import type { Digest } from "@drayage/digest";
import type { Descriptor } from "@drayage/manifest";
import type {
  BlobInfoCache,
  BlobProgress,
  ImageDestination,
  ImageSource,
  ProgressEvent,
  PutBlobOptions,
  ReusedBlob,
} from "@drayage/transport";
import { chooseLayerAction, type LayerAction } from "./layer-action.ts";
import type { Limiter } from "./limiter.ts";
import type { CompressionChoice, VariantCompression } from "./options.ts";
import { wasPlaced } from "./placed.ts";
import type { LayerPlan } from "./plan.ts";
import type { BlobTotals } from "./result.ts";
import type { Scope } from "./scope.ts";
import { errorOnSide, onSide, sideOfTransfer } from "./side.ts";

interface Stored {
  readonly digest: Digest;
  readonly size: number;
}

/** What became of a layer. */
export interface StoredLayer extends Stored {
  /** Set where other bytes are stored than the source's: what they are compressed with, if at all. */
  readonly changed: { readonly compression: CompressionAlgorithm | undefined } | undefined;
  /** What its bytes are compressed with, where that was looked at. */
  readonly looked: { readonly compression: CompressionAlgorithm | undefined } | undefined;
  /** The digest of its uncompressed bytes, where it was asked for. */
  readonly diffId: Digest | undefined;
}

export interface TransferEnds {
  readonly source: ImageSource;
  readonly destination: ImageDestination;
  readonly scope: Scope;
  readonly limiter: Limiter;
  readonly compression: CompressionChoice;
  readonly compat: "go" | undefined;
  /** Whether what the plan says of reusable blobs was found out just now, through this very destination. */
  readonly fresh: boolean;
  /** Told of blobs of the same content. */
  readonly blobInfoCache: BlobInfoCache | undefined;
  readonly onProgress: ((event: ProgressEvent) => void) | undefined;
}

/** The image that a blob belongs to. */
export interface TransferImage {
  /** Its digest at the source, where it is a member of an index. */
  readonly instance: Digest | undefined;
  readonly targetType: string;
  readonly needsDiffIds: boolean;
  /** What its layers are to be compressed with, whatever is said of the others'. */
  readonly variant?: VariantCompression | undefined;
}

/** Moves blobs, each distinct one once, and counts them. */
export class Transfers {
  readonly #ends: TransferEnds;
  readonly #layers = new Map<string, Promise<StoredLayer>>();
  readonly #plain = new Map<Digest, Promise<Stored>>();
  readonly #moved = { count: 0, bytesRead: 0, bytesStored: 0 };
  readonly #reused = { count: 0, bytes: 0 };
  readonly #skipped = { count: 0 };

  constructor(ends: TransferEnds) {
    this.#ends = ends;
  }

  get totals(): BlobTotals {
    return { moved: { ...this.#moved }, reused: { ...this.#reused }, skipped: { ...this.#skipped } };
  }

  /** Brings a layer to the destination as planned. `onPlace` is called if the next one may be put before its end. */
  async layer(plan: LayerPlan, image: TransferImage, onPlace?: () => void): Promise<StoredLayer> {
    const { descriptor, action } = plan;
    const original = plan.standsFor ?? descriptor;
    const unchanged = { changed: undefined, looked: undefined, diffId: undefined };
    if (action.do === "skip") {
      this.#skipped.count += 1;
      this.#report(descriptor, image, { kind: "layer", state: "skipped", reason: action.reason });
      return { ...unchanged, digest: original.digest, size: original.size };
    }
    if (action.do === "reuse") {
      const { as, size, from, compression, otherwise } = action;
      // What the destination has yet to take from elsewhere it is asked for now, and what it may have lost since.
      const isThere = this.#ends.fresh && from === undefined;
      const blob = as === original.digest ? original : { mediaType: original.mediaType, digest: as, size };
      const found = isThere
        ? { size }
        : await this.#ends.limiter.run(() => this.#reuse(blob, putOptions(plan)), this.#ends.scope.signal);
      if (found !== undefined) {
        const stored = { digest: as, size: found.size };
        this.#reportReused(descriptor, image, "layer", stored, action.reason);
        const changed = as === original.digest ? undefined : { compression: named(compression) };
        return { ...unchanged, ...stored, changed };
      }
      if (otherwise !== undefined) return this.layer({ ...plan, action: otherwise }, image, onPlace);
    }
    // Layers of the same bytes that become the same bytes are put once, whatever images they are in.
    const key = `${descriptor.digest} ${original.digest} ${image.targetType} ${plan.basis} ${image.needsDiffIds} ${image.variant}`;
    const earlier = this.#layers.get(key);
    if (earlier !== undefined) {
      const stored = await earlier;
      if (await this.#hasAgain(stored, plan)) {
        this.#reportReused(descriptor, image, "layer", stored, "it was just copied");
        return stored;
      }
    }
    const moved = this.#moveLayer(plan, image, onPlace);
    this.#layers.set(key, moved);
    return moved;
  }

  /** Brings a blob that is never changed: a config, or what an index names that is no manifest. */
  async plain(
    descriptor: Descriptor,
    image: Pick<TransferImage, "instance">,
    options: { readonly kind: "config" | "layer"; readonly bytes?: Uint8Array | undefined },
  ): Promise<void> {
    const earlier = this.#plain.get(descriptor.digest);
    if (earlier !== undefined) {
      this.#reportReused(descriptor, image, options.kind, await earlier, "it was just copied");
      return;
    }
    const moved = this.#movePlain(descriptor, image, options);
    this.#plain.set(descriptor.digest, moved);
    await moved;
  }

  async #movePlain(
    descriptor: Descriptor,
    image: Pick<TransferImage, "instance">,
    { kind, bytes }: { readonly kind: "config" | "layer"; readonly bytes?: Uint8Array | undefined },
  ): Promise<Stored> {
    const { scope, limiter, source } = this.#ends;
    const { signal } = scope;
    const put: PutBlobOptions = { kind, mediaType: descriptor.mediaType };
    return limiter.run(async () => {
      const found = await this.#reuse(descriptor, put);
      if (found !== undefined) {
        const stored = { digest: descriptor.digest, size: found.size };
        const { from } = found;
        const reason =
          from === undefined ? "the destination has it" : `the destination takes it from ${from}`;
        this.#reportReused(descriptor, image, kind, stored, reason);
        return stored;
      }
      const blob =
        bytes === undefined
          ? tagged(
              await onSide("source", `open the ${kind} ${descriptor.digest}`, () =>
                source.blob(descriptor, { signal }),
              ),
            )
          : bytesBlob(bytes, { digest: descriptor.digest });
      return this.#put(blob, descriptor, image, put);
    }, signal);
  }

  /** Whether the destination needs nothing more for the same bytes at another place among the layers. */
  async #hasAgain(stored: StoredLayer, plan: LayerPlan): Promise<boolean> {
    if (this.#ends.destination.reuseBlob === undefined) return true;
    const { digest, size } = stored;
    return (await this.#reuse({ ...plan.descriptor, digest, size }, putOptions(plan))) !== undefined;
  }

  async #moveLayer(
    plan: LayerPlan,
    image: TransferImage,
    onPlace: (() => void) | undefined,
  ): Promise<StoredLayer> {
    const { source, limiter, scope } = this.#ends;
    const { signal } = scope;
    const { descriptor } = plan;
    return limiter.run(async () => {
      const found = await onSide("source", `open the layer ${descriptor.digest}`, () =>
        source.blob(descriptor, { signal }),
      );
      const opened = tagged(found);
      if (!this.#mustLook(plan, image)) {
        const action = plan.action.do === "reuse" ? copyAsIs : plan.action;
        return this.#putLayer(opened, {
          plan,
          image,
          action,
          looked: plan.basis === "content" ? plan : undefined,
          onPlace,
        });
      }
      const peeked = await onSide("source", `read the layer ${descriptor.digest}`, () =>
        peekBlob(opened, magicLength, { signal }),
      );
      try {
        const present = detectCompression(peeked.head);
        const action =
          plan.basis === "given" && plan.action.do === "copy" ? plan.action : this.#decide(present, image);
        return await this.#putLayer(peeked.blob, { plan, image, action, looked: { present }, onPlace });
      } finally {
        await peeked[Symbol.asyncDispose]();
      }
    }, signal);
  }

  /** Whether what is done to the layer depends on its first bytes, and the plan did not see them. */
  #mustLook(plan: LayerPlan, image: TransferImage): boolean {
    if (image.needsDiffIds) return true;
    if (this.#ends.destination.accepts.layerCompression === "preserve") return false;
    return plan.basis === "media type" || plan.basis === "guess" || plan.action.do === "reuse";
  }

  #decide(present: CompressionAlgorithm | undefined, image: TransferImage): LayerAction {
    const { destination, compression, compat } = this.#ends;
    return chooseLayerAction({
      wanted: destination.accepts.layerCompression,
      present,
      requested: image.variant ?? compression.format,
      untouchable: undefined,
      targetType: image.targetType,
      compat,
    });
  }

  async #putLayer(
    opened: Blob,
    {
      plan,
      image,
      action,
      looked,
      onPlace,
    }: {
      readonly plan: LayerPlan;
      readonly image: TransferImage;
      readonly action: LayerPlan["action"];
      readonly looked: { readonly present: CompressionAlgorithm | undefined } | undefined;
      readonly onPlace: (() => void) | undefined;
    },
  ): Promise<StoredLayer> {
    const level = image.variant === undefined ? this.#ends.compression.level : undefined;
    let blob = opened;
    if (action.do === "decompress" || action.do === "recompress") {
      blob = inflated(blob, { algorithm: looked?.present });
    }
    if (action.do === "compress" || action.do === "recompress") {
      blob = deflated(blob, { algorithm: action.algorithm, level });
    }
    const result = await this.#put(blob, plan.descriptor, image, { ...putOptions(plan), onPlace });
    const compression = action.do === "compress" || action.do === "recompress" ? action.algorithm : undefined;
    this.#recordVariants(action, plan.descriptor, { looked, result });
    return {
      digest: result.digest,
      size: result.size,
      changed: result.digest === (plan.standsFor ?? plan.descriptor).digest ? undefined : { compression },
      looked: looked === undefined ? undefined : { compression: looked.present },
      diffId: image.needsDiffIds ? await this.#diffId(plan, action, looked?.present, result) : undefined,
    };
  }

  /** Notes which blobs have the same content, of what has just been computed. */
  #recordVariants(
    action: LayerPlan["action"],
    { digest }: Descriptor,
    {
      looked,
      result,
    }: {
      readonly looked: { readonly present: CompressionAlgorithm | undefined } | undefined;
      readonly result: DrainResult;
    },
  ): void {
    const { blobInfoCache: cache } = this.#ends;
    if (cache === undefined || looked === undefined) return;
    const source = { digest, compression: looked.present };
    const stored = { digest: result.digest, size: result.size };
    const inner = result.stages.at(-2);
    if (action.do === "copy" && looked.present === undefined && digest === result.digest) {
      cache.recordVariant(digest, { ...stored, compression: undefined });
    }
    if (action.do === "decompress") {
      cache.recordVariant(stored.digest, { ...stored, compression: undefined });
      cache.recordVariant(stored.digest, source);
    }
    if ((action.do === "compress" || action.do === "recompress") && inner !== undefined) {
      cache.recordVariant(inner.digest, source);
      cache.recordVariant(inner.digest, { ...stored, compression: action.algorithm });
    }
  }

  /** The digest of the layer's uncompressed bytes: one of the stages that passed, or that of a reading of its own. */
  async #diffId(
    { descriptor }: LayerPlan,
    action: LayerPlan["action"],
    present: CompressionAlgorithm | undefined,
    { digest, stages }: DrainResult,
  ): Promise<Digest> {
    if (action.do === "decompress" || (action.do === "copy" && present === undefined)) return digest;
    if (action.do !== "copy") return stages.at(-2)?.digest ?? digest;
    const { source, scope } = this.#ends;
    const { signal } = scope;
    return onSide("source", `read the layer ${descriptor.digest}`, async () => {
      const blob = inflated(await source.blob(descriptor, { signal }), { algorithm: present });
      return (await drain(blob, { kind: "writer", write: () => undefined }, { signal })).digest;
    });
  }

  async #put(
    blob: Blob,
    descriptor: Descriptor,
    image: Pick<TransferImage, "instance">,
    options: PutBlobOptions,
  ): Promise<DrainResult> {
    const { destination, scope } = this.#ends;
    const { kind } = options;
    this.#report(descriptor, image, { kind, state: "start" });
    let read = 0;
    const onBytes = (total: number): void => {
      if (total <= read) return;
      read = total;
      this.#report(descriptor, image, { kind, state: "bytes", bytes: total });
    };
    let result: DrainResult;
    try {
      result = await destination.putBlob(blob, { ...options, signal: scope.signal, onBytes });
    } catch (error) {
      const path = blob.origin.kind === "file" ? blob.origin.path : undefined;
      throw errorOnSide(error, sideOfTransfer(error, path), `copy the ${kind} ${descriptor.digest}`);
    }
    const { digest, size, stages } = result;
    const bytes = stages[0]?.size ?? size;
    onBytes(bytes);
    this.#moved.count += 1;
    this.#moved.bytesRead += bytes;
    this.#moved.bytesStored += size;
    this.#report(descriptor, image, { kind, state: "done", bytes, stored: { digest, size } });
    return result;
  }

  async #reuse(descriptor: Descriptor, options: PutBlobOptions): Promise<ReusedBlob | undefined> {
    const { destination, scope } = this.#ends;
    if (destination.reuseBlob === undefined) return undefined;
    const ask = destination.reuseBlob.bind(destination);
    return onSide("destination", `look for the ${options.kind} ${descriptor.digest}`, () =>
      ask(descriptor, { ...options, signal: scope.signal }),
    );
  }

  #reportReused(
    descriptor: Descriptor,
    image: Pick<TransferImage, "instance">,
    kind: "config" | "layer",
    { digest, size }: Stored,
    reason: string,
  ): void {
    this.#reused.count += 1;
    this.#reused.bytes += size;
    const stored = { digest, size };
    if (wasPlaced(this.#ends.destination, digest)) {
      this.#report(descriptor, image, { kind, state: "placed", stored });
    } else {
      this.#report(descriptor, image, { kind, state: "reused", stored, reason });
    }
  }

  #report(
    { digest, size }: Descriptor,
    { instance }: Pick<TransferImage, "instance">,
    event: Omit<BlobProgress, "type" | "digest" | "size" | "instance">,
  ): void {
    const known = size < 0 ? undefined : size;
    this.#ends.onProgress?.({ ...event, type: "blob", digest, size: known, instance });
  }
}

const copyAsIs: LayerAction = { do: "copy", reason: "it is what the destination wants" };

/** The compression that a plan names. */
function named(compression: CompressionAlgorithm | "none" | undefined): CompressionAlgorithm | undefined {
  return compression === "none" ? undefined : compression;
}

function putOptions({ index, descriptor }: LayerPlan): PutBlobOptions {
  return { kind: "layer", mediaType: descriptor.mediaType, layerIndex: index };
}

/** The blob, with errors of its stream known to be the source's. */
function tagged(blob: Blob): Blob {
  const { origin } = blob;
  if (origin.kind !== "stream") return blob;
  return { ...blob, origin: { ...origin, open: (options) => readOnSide(() => origin.open(options)) } };
}

async function* readOnSide(
  open: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* await open();
  } catch (error) {
    throw errorOnSide(error, "source", "read the source");
  }
}
