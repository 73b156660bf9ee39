import type { Blob } from "@drayage/blob";
import { type Digest, digestAlgorithm } from "@drayage/digest";
import { DrayageError, isDrayageError, throwIfAborted } from "@drayage/errors";
import { type Descriptor, type ImageManifest, type LayerDescriptor, manifestDigest } from "@drayage/manifest";
import {
  type ImageReference,
  type ImageSource,
  layersOf,
  type OperationOptions,
  type RawManifest,
  type Signature,
} from "@drayage/transport";
import type { KnownImages } from "./read-lists.ts";

interface CompositeParts {
  readonly reference: ImageReference;
  readonly known: KnownImages;
  readonly close: () => Promise<void>;
}

/** The images that are known as one source. */
export function compositeSource({ reference, known, close: closeAll }: CompositeParts): ImageSource {
  const { sources, top } = known;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= closeAll());

  async function manifest(instance?: Digest, options: OperationOptions = {}): Promise<RawManifest> {
    throwIfAborted(options.signal, `read a manifest of ${reference.text}`);
    return instance === undefined ? top.manifest : known.read(instance, options);
  }

  async function blob(descriptor: Descriptor, options: OperationOptions = {}): Promise<Blob> {
    const { digest } = descriptor;
    throwIfAborted(options.signal, `read the blob ${digest} of ${reference.text}`);
    const missing: unknown[] = [];
    for (const source of known.blobPlaces(digest)) {
      try {
        return await source.blob(descriptor, options);
      } catch (error) {
        // An image of another place has it, too.
        if (!isDrayageError(error, "ERR_DRAYAGE_BLOB_NOT_FOUND")) throw error;
        missing.push(error);
      }
    }
    if (missing.length > 0) throw missing[0];
    throw new DrayageError(
      "ERR_DRAYAGE_BLOB_NOT_FOUND",
      `${reference.text}: no image names the blob ${digest}`,
    );
  }

  async function layers(
    image: ImageManifest,
    options: OperationOptions = {},
  ): Promise<readonly LayerDescriptor[]> {
    const source = sourceOf(known, image);
    const given = await layersOf(source, image, options);
    for (const { digest } of given) known.addBlob(digest, source);
    return given;
  }

  async function signatures(
    instance?: Digest,
    options: OperationOptions = {},
  ): Promise<readonly Signature[]> {
    if (instance === undefined) return (await top.source.signatures?.(undefined, options)) ?? [];
    const { source, ask } = await placeOf(known, instance, options);
    return (await source.signatures?.(ask, options)) ?? [];
  }

  async function referrers(subject: Digest, options: OperationOptions = {}): Promise<readonly Descriptor[]> {
    const { source } = await placeOf(known, subject, options);
    const found = (await source.referrers?.(subject, options)) ?? [];
    for (const { digest } of found) known.list(digest, source);
    return found;
  }

  const canTell = sources.some((source) => source.referrers !== undefined);
  return {
    reference,
    remote: sources.some((source) => source.remote === true),
    manifest,
    blob,
    layers,
    signatures,
    ...(canTell ? { referrers } : {}),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function placeOf(
  known: KnownImages,
  digest: Digest,
  options: OperationOptions,
): Promise<{ readonly source: ImageSource; readonly ask: Digest | undefined }> {
  throwIfAborted(options.signal, `look for ${digest}`);
  if (!known.places.has(digest)) await known.read(digest, options);
  const place = known.places.get(digest);
  if (place === undefined) throw new Error("a manifest that was read has a place");
  return place;
}

/** The place that a parsed manifest came from. */
function sourceOf({ places, top }: KnownImages, { bytes }: ImageManifest): ImageSource {
  const algorithms = new Set([...places.keys()].map(digestAlgorithm));
  for (const algorithm of algorithms) {
    const place = places.get(manifestDigest(bytes, algorithm));
    if (place !== undefined) return place.source;
  }
  return top.source;
}
