import type { Digest } from "@drayage/digest";
import type { Platform, PlatformWish } from "@drayage/manifest";
import type {
  BlobInfoCache,
  ImageSource,
  OperationOptions,
  ProgressEvent,
  RawManifest,
} from "@drayage/transport";

/**
 * Which images of an index are copied:
 *
 * - `system`, or a wish: the one image that suits the machine, or the wish. No index is written.
 * - `all`: every image, and the index.
 * - a list: the images for these platforms (`linux/arm64`), or of these digests, and the index. An empty list:
 *   the index alone.
 *
 * A source that is no index is copied whatever this says.
 */
export type PlatformSelection = "system" | "all" | PlatformWish | readonly (Platform | string)[];

/** The manifest types that a user can ask for by skopeo's names. */
export type ManifestFormat = "oci" | "v2s2" | "v2s1";

/** What a variant of an image may be compressed with. */
export type VariantCompression = "gzip" | "zstd";

export interface CompressionChoice {
  /** What layers that are compressed on the way are compressed with. */
  readonly format?: "gzip" | "zstd" | undefined;
  readonly level?: number | undefined;
  /** Recompresses layers that the place has already in another compression, instead of reusing them. */
  readonly force?: boolean | undefined;
}

/** An image, or an index of images, whose manifest was read and is not yet parsed. */
export interface UnparsedImage {
  /** Where it is: `signatures(instance)` gives its signatures, where the source keeps any. */
  readonly source: ImageSource;
  /** Absent for the source's own manifest or index, given for an image of its index. */
  readonly instance: Digest | undefined;
  /** Of the manifest's bytes; the same as `instance`, where that is given. */
  readonly digest: Digest;
  readonly manifest: RawManifest;
}

/** What a plan is made from, besides the two ends. */
export interface PlanOptions extends OperationOptions {
  /** `system` where absent. */
  readonly platforms?: PlatformSelection | undefined;
  /**
   * What becomes of an index when not all of its images are copied. `keep`, the default: it stays as it is
   * and names images that are not there. `strip`: they are removed from it, which changes its digest.
   */
  readonly sparse?: "keep" | "strip" | undefined;
  /** Forces the type of the manifests; the source's type where the destination takes it, if absent. */
  readonly format?: ManifestFormat | undefined;
  readonly compression?: CompressionChoice | undefined;
  /**
   * Of an index whose images are all copied: what each image is to be there with, too, compressed anew for each platform that has none
   * (containers/image, `EnsureCompressionVariantsExist`). The index gets an entry for each, annotated where it needs zstd.
   */
  readonly addCompression?: readonly VariantCompression[] | undefined;
  /** Fails rather than change a manifest, index, config or layer. */
  readonly preserveDigests?: boolean | undefined;
  /** Leaves the source's signatures behind. */
  readonly removeSignatures?: boolean | undefined;
  /** Writes the exact bytes that containers/image would write, also where they say less. */
  readonly compat?: "go" | undefined;
  /** Also copies layers that are known by `urls` to a destination that would let them stay there. */
  readonly downloadForeignLayers?: boolean | undefined;
  /** `skip`: nothing is written when the destination has this very image; needs `existing`. */
  readonly ifPresent?: "skip" | undefined;
  /** Asked for other blobs of a layer's content: one that the destination has spares a compression and a transfer. */
  readonly blobInfoCache?: BlobInfoCache | undefined;
  /** The digest that the source's manifest or index must have. */
  readonly expectedDigest?: Digest | undefined;
  /**
   * Asked before a manifest is parsed: once for the source's own, and once for each image of its index that is copied.
   * What it throws ends the planning. Several may be asked about at the same time.
   */
  readonly admit?: ((image: UnparsedImage, options: OperationOptions) => Promise<void> | void) | undefined;
}

/** What carrying out a plan takes. */
export interface ExecuteOptions extends OperationOptions {
  /** Told which blobs have the same content, where that was computed. */
  readonly blobInfoCache?: BlobInfoCache | undefined;
  /** How many blobs move at the same time, over all images; 6 where absent, as for containers/image. */
  readonly parallelBlobs?: number | undefined;
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
  /** The time for files whose time is part of the result, where the destination has any. */
  readonly timestamp?: Date | undefined;
}

export interface CopyOptions extends PlanOptions, ExecuteOptions {}
