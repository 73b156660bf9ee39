import type { Digest } from "@drayage/digest";

/** What a copy did. */
export interface CopyResult {
  /** The digest of what the destination was given as the image: a manifest or an index. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** Its bytes. */
  readonly manifest: Uint8Array;
  /** True where the destination had the image already and nothing was written. */
  readonly present: boolean;
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
}

export interface BlobTotals {
  /** Blobs that were put, the bytes read for them at the source and the bytes stored. */
  readonly moved: { readonly count: number; readonly bytesRead: number; readonly bytesStored: number };
  /** Blobs that the destination had. */
  readonly reused: { readonly count: number; readonly bytes: number };
  /** Blobs that were left where they are: foreign layers. */
  readonly skipped: { readonly count: number };
}
