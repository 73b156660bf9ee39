import type { Digest } from "@drayage/digest";

/** What a layer is, without its bytes: plain data. @drayage/copy's `KnownLayer` is the same. */
export interface LayerFacts {
  /** The digest of its tar. */
  readonly diffId: Digest;
  readonly tarSize: number;
  /** What was made of it, each in another compression. */
  readonly blobs: readonly LayerBlobFacts[];
  /** What else whoever made it wants to know of it without reading it: at most 4096 characters. */
  readonly note?: string | undefined;
}

export interface LayerBlobFacts {
  readonly compression: "none" | "gzip" | "zstd";
  /** As it was asked for; undefined: the usual one. */
  readonly level?: number | undefined;
  readonly digest: Digest;
  readonly size: number;
}
