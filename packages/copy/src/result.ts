import type { Digest } from "@drayage/digest";
import type { RawManifest } from "@drayage/transport";
import type { VariantCompression } from "./options.ts";
import type { OtherPlatform } from "./other-platform.ts";

/** What a copy did. */
export interface CopyResult {
  /** The digest of what the destination was given as the image: a manifest or an index. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** Its bytes. */
  readonly manifest: Uint8Array;
  /** True where the destination had the image already and nothing was written. */
  readonly present: boolean;
  /** Set where the source has one image alone, and that of another platform was wished for. */
  readonly otherPlatform?: OtherPlatform | undefined;
  /** All manifests and indexes that were written, members before the index that names them. */
  readonly documents: readonly CopiedDocument[];
  readonly blobs: BlobTotals;
}

export interface CopiedDocument {
  readonly kind: "image" | "index" | "opaque";
  /** Its digest at the source. */
  readonly source: Digest;
  /** Its digest at the destination. */
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
  readonly platform?: string | undefined;
  /** Set where it is an image that was added: what it is compressed with. */
  readonly variant?: VariantCompression | undefined;
}

export interface BlobTotals {
  /** Blobs that were put, the bytes read for them at the source and the bytes stored. */
  readonly moved: { readonly count: number; readonly bytesRead: number; readonly bytesStored: number };
  /** Blobs that the destination had. */
  readonly reused: { readonly count: number; readonly bytes: number };
  /** Blobs that were left where they are: foreign layers. */
  readonly skipped: { readonly count: number };
}

/** The result of a copy that found the image at its destination. */
export function presentResult({
  digest,
  mediaType,
  bytes,
}: RawManifest & { readonly digest: Digest }): CopyResult {
  return {
    digest,
    mediaType,
    manifest: bytes,
    present: true,
    documents: [],
    blobs: {
      moved: { count: 0, bytesRead: 0, bytesStored: 0 },
      reused: { count: 0, bytes: 0 },
      skipped: { count: 0 },
    },
  };
}
