import { readBlob } from "@drayage/blob";
import { type Digest, verifyBytes } from "@drayage/digest";
import { type Descriptor, parseManifest } from "@drayage/manifest";
import { type ImageSource, layersOf, type OperationOptions, type RawManifest } from "@drayage/transport";

/** A blob as it was read, with what the manifest says of it; of a layer, with what the source says that it gives for it. */
export interface ReadBlob {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** One image, read whole. */
export interface ReadImage {
  readonly kind: "image";
  readonly manifest: RawManifest;
  readonly config: ReadBlob | undefined;
  readonly layers: readonly ReadBlob[];
}

/** An index and all its images, read whole. */
export interface ReadIndex {
  readonly kind: "index";
  readonly manifest: RawManifest;
  readonly images: readonly ReadImage[];
}

export interface ReadImageOptions extends OperationOptions {
  /** The largest blob that is read; 64 MiB where absent. */
  readonly limit?: number | undefined;
}

/** Reads everything that a source has of an image or index, and verifies each manifest and blob of it. */
export async function readImage(
  source: ImageSource,
  options: ReadImageOptions = {},
): Promise<ReadImage | ReadIndex> {
  const manifest = await source.manifest(undefined, options);
  const parsed = parseManifest(manifest.bytes, manifest.mediaType);
  if (parsed.kind === "image") return readOne(source, manifest, options);
  const images: ReadImage[] = [];
  for (const { digest } of parsed.manifests) {
    images.push(await readOne(source, await readInstance(source, digest, options), options));
  }
  return { kind: "index", manifest, images };
}

async function readInstance(
  source: ImageSource,
  digest: Digest,
  options: ReadImageOptions,
): Promise<RawManifest> {
  const manifest = await source.manifest(digest, options);
  verifyBytes(manifest.bytes, digest, "a manifest of the index");
  return manifest;
}

async function readOne(
  source: ImageSource,
  manifest: RawManifest,
  options: ReadImageOptions,
): Promise<ReadImage> {
  const parsed = parseManifest(manifest.bytes, manifest.mediaType);
  if (parsed.kind === "index") throw new TypeError("an index in an index is not read");
  const layers: ReadBlob[] = [];
  for (const descriptor of await layersOf(source, parsed, options)) {
    layers.push(await readOneBlob(source, descriptor, options));
  }
  const config = parsed.config && (await readOneBlob(source, parsed.config, options));
  return { kind: "image", manifest, config, layers };
}

async function readOneBlob(
  source: ImageSource,
  descriptor: Descriptor,
  { signal, limit = 64 * 1024 * 1024 }: ReadImageOptions,
): Promise<ReadBlob> {
  const blob = await source.blob(descriptor, { signal });
  const bytes = await readBlob(blob, { limit, signal });
  // The blob may know nothing of its digest: what the manifest says counts.
  verifyBytes(bytes, descriptor.digest, "a blob of the image");
  return { descriptor, bytes };
}
