import type { CompressionAlgorithm } from "@drayage/blob";
import type { Digest } from "@drayage/digest";

/** Where a blob was seen: for registries the host as `scope` and the repository as `location`. */
export interface BlobLocation {
  /** The scheme of the transport: `docker`. */
  readonly transport: string;
  /** Within one scope blobs can be brought from one location to another without their bytes being sent. */
  readonly scope: string;
  readonly location: string;
}

/** A blob that holds the same bytes as another, but for its compression. */
export interface BlobVariant {
  readonly digest: Digest;
  /** Undefined: it is not compressed. */
  readonly compression: CompressionAlgorithm | undefined;
  readonly size?: number | undefined;
}

/**
 * What is known of blobs from earlier copies (containers/image: blob info cache). It only ever spares work: what it says
 * may be outdated, so that it is checked before it is relied upon, and no method throws or waits for a failing disk.
 */
export interface BlobInfoCache {
  /** Notes that a blob is, or was, at a place. */
  recordLocation(digest: Digest, location: BlobLocation): void;
  /** Notes that a blob is no longer where it was seen. */
  forgetLocation(digest: Digest, location: BlobLocation): void;
  /** Where in this scope the blob was seen, the newest first. */
  locations(
    digest: Digest,
    within: Pick<BlobLocation, "transport" | "scope">,
  ): Promise<readonly BlobLocation[]>;
  /** Notes what a blob's uncompressed bytes hash to. Only for what this process has computed itself. */
  recordVariant(uncompressed: Digest, variant: BlobVariant): void;
  /** What a blob's uncompressed bytes hash to: itself where it is not compressed. */
  uncompressedDigest(digest: Digest): Promise<Digest | undefined>;
  /** All blobs of these uncompressed bytes, the newest first. */
  variants(uncompressed: Digest): Promise<readonly BlobVariant[]>;
  /** Keeps what was recorded. Never fails. */
  close(): Promise<void>;
}
