import { type Blob, readBlob } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import {
  type Annotations,
  configLimit,
  type Descriptor,
  type ImageConfig,
  type ImageManifest,
  mediaTypes,
  type Platform,
  parseConfig,
  platformOfConfig,
} from "@drayage/manifest";
import type { ImageSource, OperationOptions } from "@drayage/transport";
import type { OtherImage } from "./joined-source.ts";

/** One image as it is before an edit. */
export interface EditableImage {
  readonly digest: Digest;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
  readonly platform: Platform;
  /** What the index says of it; undefined for an image that stands alone. */
  readonly entry: Descriptor | undefined;
  /** Where its layers are. */
  readonly source: ImageSource;
}

/** What an edit makes of an image. What is absent stays as it is, byte for byte. */
export interface ImageEdit {
  readonly config?: Uint8Array | undefined;
  readonly layers?: readonly Descriptor[] | undefined;
  /** All that the manifest is to have. */
  readonly annotations?: Annotations | undefined;
  /** All that the index's entry is to have. */
  readonly entryAnnotations?: Annotations | undefined;
  /** The new layers. */
  readonly blobs?: ReadonlyMap<Digest, Blob> | undefined;
  /** An image that has layers which this one has now. */
  readonly other?: OtherImage | undefined;
}

/** Reads the config of an image. Throws `ERR_DRAYAGE_CONVERSION_UNSUPPORTED` for docker v2s1, which has none. */
export async function readEditable(
  source: ImageSource,
  image: {
    readonly digest: Digest;
    readonly manifest: ImageManifest;
    readonly entry: Descriptor | undefined;
  },
  options: OperationOptions,
): Promise<EditableImage> {
  const { manifest, entry } = image;
  if (manifest.v1 !== undefined || manifest.config === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
      `${image.digest} is a docker v2s1 manifest, which cannot be edited`,
      { hint: "copy it with --format oci first", side: "source" },
    );
  }
  const blob = await source.blob(manifest.config, options);
  const config = parseConfig(await readBlob(blob, { limit: configLimit, ...options }));
  const own = platformOfConfig(config);
  const named = entry?.platform;
  return { ...image, config, source, platform: named === undefined ? own : { ...own, ...named } };
}

/** Whether its manifest is one of OCI's, which can have annotations. */
export function isOci({ manifest }: Pick<EditableImage, "manifest">): boolean {
  return manifest.mediaType === mediaTypes.ociManifest;
}
