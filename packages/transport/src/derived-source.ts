import type { Blob } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { type Descriptor, guessMediaType, type ImageManifest, type LayerDescriptor } from "@drayage/manifest";
import type { ImageReference, ImageSource, RawManifest } from "./contract.ts";
import { layersOf } from "./layers-of.ts";
import type { OperationOptions } from "./options.ts";

export interface DerivedSourceOptions {
  readonly reference: ImageReference;
  /** The image's manifest or index. */
  readonly manifest: RawManifest;
  /** Manifests of members of the index, by digest. Those that are not here are the base's. */
  readonly instances?: ReadonlyMap<Digest, RawManifest> | undefined;
  /** Configs and layers that the base does not have, or has otherwise, by digest. */
  readonly blobs?: ReadonlyMap<Digest, Blob> | undefined;
  /** Where all else comes from. It is closed with this source. */
  readonly base?: ImageSource | undefined;
  /** The images of the base whose layers are among this one's. */
  readonly baseImages?: readonly ImageManifest[] | undefined;
  /** What else is to be cleaned up. Called once. */
  readonly close?: (() => Promise<void>) | undefined;
}

/**
 * An image that is made of documents and blobs, upon another image that has the rest: what an edited or a committed image is
 * before it is somewhere. It has no signatures, as its bytes are new.
 */
export function derivedSource(options: DerivedSourceOptions): ImageSource {
  const { reference, manifest, instances, blobs, base } = options;
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    closing ??= (async () => {
      try {
        await options.close?.();
      } finally {
        await base?.close();
      }
    })();
    await closing;
  };
  // A base that keeps its layers unpacked knows what to give for those of its own images only.
  const given = new Map<Digest, LayerDescriptor>();
  let asked: Promise<void> | undefined;
  const ask = async (operation?: OperationOptions): Promise<void> => {
    if (base === undefined) return;
    for (const image of options.baseImages ?? []) {
      const layers = await layersOf(base, image, operation);
      for (const [index, layer] of image.layers.entries()) given.set(layer.digest, layers[index] ?? layer);
    }
  };
  const layers = async (
    image: ImageManifest,
    operation?: OperationOptions,
  ): Promise<readonly LayerDescriptor[]> => {
    if (image.layers.some((layer) => blobs?.has(layer.digest) !== true)) {
      asked ??= ask(operation);
      await asked;
    }
    return image.layers.map((layer) =>
      blobs?.has(layer.digest) === true ? layer : (given.get(layer.digest) ?? layer),
    );
  };
  return {
    reference,
    remote: base?.remote,
    async manifest(instance, operation) {
      if (instance === undefined) return manifest;
      const known = instances?.get(instance);
      if (known !== undefined) return known;
      if (base === undefined) {
        throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `the image has no manifest ${instance}`);
      }
      return base.manifest(instance, operation);
    },
    async blob(descriptor: Descriptor, operation) {
      const known = blobs?.get(descriptor.digest);
      if (known !== undefined) return known;
      if (base === undefined) {
        throw new DrayageError("ERR_DRAYAGE_BLOB_NOT_FOUND", `the image has no blob ${descriptor.digest}`);
      }
      return base.blob(descriptor, operation);
    },
    ...(base?.layers === undefined ? {} : { layers }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A document as a {@link RawManifest}, its type being what it looks like. */
export function rawManifest(bytes: Uint8Array, mediaType: string = guessMediaType(bytes)): RawManifest {
  return { bytes, mediaType };
}
