import type { Blob, DrainResult } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import type { Descriptor, ImageManifest, LayerDescriptor } from "@drayage/manifest";
import type { DockerReference } from "@drayage/reference";
import type { DestinationOptions, OperationOptions, SourceOptions } from "./options.ts";

/** Marks an object as a transport of drayage, whichever copy of this package made it. */
export const transportBrand: unique symbol = Symbol.for("@drayage/transport");

/** The version of this contract. A transport that says another is refused with a sentence. */
export const transportApiVersion = 1;

/** One image's place, as a transport understands it. Transports extend it with what they need. */
export interface ImageReference {
  /** The reference within its transport: what stands after `scheme:`. Parsing it again gives an equal reference. */
  readonly text: string;
  /** The docker name that the user gave to the image, where the transport knows such names. */
  readonly dockerReference?: DockerReference | undefined;
}

/**
 * A way to reach images: a plain object with a method for each ability that it has. An ability that it
 * lacks is a method that is absent; there is no second, inner interface.
 */
export interface Transport<R extends ImageReference = ImageReference> {
  readonly [transportBrand]: true;
  readonly apiVersion: typeof transportApiVersion;
  /** `oci-dir`: lower-case letters, digits and `-`. */
  readonly scheme: string;
  /** Other schemes that mean the same, such as `oci`. */
  readonly aliases?: readonly string[];
  /** One line for a person: what this transport reaches. */
  readonly summary: string;
  /** The shape of a reference, for help texts: `PATH[:NAME]`. */
  readonly syntax: string;

  /** Throws `ERR_DRAYAGE_REFERENCE_INVALID`. Touches no file and no network. */
  parse(text: string): R;
  /** Throws `ERR_DRAYAGE_IMAGE_NOT_FOUND` where there is no such image. */
  openSource?(reference: R, options?: SourceOptions): Promise<ImageSource>;
  /** Nothing that was at the place changes before {@link ImageDestination.commit}. */
  openDestination?(reference: R, options?: DestinationOptions): Promise<ImageDestination>;
  /** Deletes the image, and what only it needed. Throws `ERR_DRAYAGE_IMAGE_NOT_FOUND`. */
  deleteImage?(reference: R, options?: DestinationOptions): Promise<void>;
  /** The names of the images at the place, in its own order. */
  listTags?(reference: R, options?: SourceOptions): Promise<readonly string[]>;
  /**
   * What {@link ImageSource.manifest} would give: media type, digest and size of the image's manifest or index, without
   * reading more than needed (for registries one `HEAD`), and without verifying what was not read. A shortcut, no
   * ability: where it is absent the manifest is read, see `resolveImage` of this package.
   * Throws `ERR_DRAYAGE_IMAGE_NOT_FOUND`.
   */
  resolveImage?(reference: R, options?: SourceOptions): Promise<Descriptor>;
  /**
   * The scopes of containers-policy.json that apply to the image, the most specific first: its identity, then its
   * namespaces. Absent: only the transport's default applies. Changes nothing and touches no network; it may look where
   * the links of a path lead.
   */
  policyScopes?(reference: R): readonly string[] | Promise<readonly string[]>;
}

/** A manifest or index as it is stored, byte for byte. */
export interface RawManifest {
  readonly bytes: Uint8Array;
  /** What the place says it is, or, where it says nothing, what it looks like. */
  readonly mediaType: string;
}

/** One signature in one of the formats that containers tools store. */
export interface Signature {
  /** `simple-signing` or `sigstore-json`. */
  readonly format: string;
  readonly bytes: Uint8Array;
}

/** An image, or an index of images, that can be read. */
export interface ImageSource extends AsyncDisposable {
  readonly reference: ImageReference;
  /** Whether opening a blob costs a request, so that none is opened that is not to be read; false where absent. */
  readonly remote?: boolean | undefined;
  /**
   * The manifest, or the one of `instance` in an index. Where `instance` is given the bytes are verified
   * against it. At most 4 MiB: `ERR_DRAYAGE_LIMIT_EXCEEDED`.
   */
  manifest(instance?: Digest, options?: OperationOptions): Promise<RawManifest>;
  /**
   * The bytes of a config or layer that the manifest names. Throws `ERR_DRAYAGE_BLOB_NOT_FOUND`, or reading the result does,
   * where a place is not asked again for what its manifest names.
   * The result's `digest` and `size` are those of the descriptor, so whoever reads it verifies it.
   */
  blob(descriptor: Descriptor, options?: OperationOptions): Promise<Blob>;
  /**
   * What to ask {@link blob} for instead of a manifest's layers, one for each, in their order: a place that keeps layers unpacked
   * gives their tars, and no more the compressed blobs that they came as. A layer that it can give is named as the manifest does.
   * Absent where all can be given. Whoever reads layers asks `layersOf` of this package.
   */
  layers?(manifest: ImageManifest, options?: OperationOptions): Promise<readonly LayerDescriptor[]>;
  /** The image's signatures. Absent where the transport keeps none. */
  signatures?(instance?: Digest, options?: OperationOptions): Promise<readonly Signature[]>;
  /**
   * What the place holds that refers to this manifest by its `subject`: signatures, attestations, SBOMs
   * (distribution-spec, "Listing Referrers"). Each once, with its `artifactType` where it has one; without a tag's or
   * layout's name for it. Their manifests are read by {@link manifest}. Absent where the transport cannot tell.
   */
  referrers?(subject: Digest, options?: OperationOptions): Promise<readonly Descriptor[]>;
  close(): Promise<void>;
}

/** What a destination takes. All of it is constant while the destination is open. */
export interface DestinationAccepts {
  /** Media types of manifests and indexes, the preferred first. Empty: any. */
  readonly manifestTypes: readonly string[];
  /** What the destination wants layers to be. */
  readonly layerCompression: "preserve" | "compress" | "decompress";
  /** Whether layers that only have `urls` may stay elsewhere. */
  readonly foreignLayerUrls: boolean;
  /** How many blobs may be put at the same time; 1 where they must come one after the other. */
  readonly parallelBlobs: number;
  /**
   * Whether the order in which blobs are put shows in the result, as in an archive. Then one image is put after the other,
   * and the layers of an image in their order: each once the one before it has its place
   * ({@link PutBlobOptions.onPlace}).
   */
  readonly keepsOrder?: boolean | undefined;
  /**
   * Whether blobs are kept under names of their own, so that those of several images can be mixed
   * (false: one image of one manifest).
   */
  readonly multipleImages: boolean;
}

export interface PutBlobOptions extends OperationOptions {
  readonly kind: "config" | "layer";
  /** What the manifest will call it. */
  readonly mediaType: string;
  /** The layer's place among its image's layers, from 0. */
  readonly layerIndex?: number | undefined;
  /** Called with the count of bytes read from the origin so far. */
  readonly onBytes?: ((total: number) => void) | undefined;
  /**
   * Called by a destination that keeps the order of blobs, at most once, as soon as this one has its place and the next
   * may be put. Where it is not called, the next one is put when this one is there.
   */
  readonly onPlace?: (() => void) | undefined;
}

export interface ReuseBlobOptions extends PutBlobOptions {
  /**
   * Nothing may change at the place: it is only to be told whether the blob could be had, for a plan that may never be
   * carried out.
   */
  readonly lookOnly?: boolean | undefined;
}

export interface ReusedBlob {
  readonly size: number;
  /**
   * With `lookOnly`: where the place would take the blob from, in words (`library/busybox of this registry`), if it has to
   * be asked again without `lookOnly` before the blob is there; it may then say no. Without `lookOnly`: where it was taken
   * from, if that is worth telling. Absent: the place has the blob, and keeps it for an image that is committed through this destination,
   * without being asked again.
   */
  readonly from?: string | undefined;
}

export interface PutManifestOptions extends OperationOptions {
  readonly mediaType: string;
  /** Given for a member of an index, absent for the image or index itself. */
  readonly instance?: Digest | undefined;
  /**
   * Whether nothing but the commit follows where this is taken: a place that has to try a manifest to know whether it takes its type may
   * try it under its name.
   */
  readonly isLast?: boolean | undefined;
}

export interface CommitOptions extends OperationOptions {
  /** The time for files whose time is part of the result, where the format has any. */
  readonly timestamp?: Date | undefined;
  /**
   * The source's index, where the image was chosen from one: a place that keeps single images may keep it beside the image,
   * so that it is known by the index's digest, too.
   */
  readonly origin?: RawManifest | undefined;
}

/**
 * A place that an image is being written to. Order: blobs, manifests (members of an index before the
 * index), signatures, commit. Closed before commit, it leaves the place as it was before.
 */
export interface ImageDestination extends AsyncDisposable {
  readonly reference: ImageReference;
  readonly accepts: DestinationAccepts;
  /**
   * What the place already has of this digest, or can get without its bytes being sent, so that it need not be put.
   * Absent: nothing can be reused.
   */
  reuseBlob?(descriptor: Descriptor, options: ReuseBlobOptions): Promise<ReusedBlob | undefined>;
  /**
   * Drains the blob to the place. The result's digest and size name what is stored. Nothing is visible
   * under that digest before all bytes came and were verified.
   */
  putBlob(blob: Blob, options: PutBlobOptions): Promise<DrainResult>;
  /** Throws `ERR_DRAYAGE_MANIFEST_UNSUPPORTED` where another type may be taken instead. */
  putManifest(bytes: Uint8Array, options: PutManifestOptions): Promise<void>;
  putSignatures?(
    signatures: readonly Signature[],
    instance?: Digest,
    options?: OperationOptions,
  ): Promise<void>;
  commit(options?: CommitOptions): Promise<void>;
  close(): Promise<void>;
}
