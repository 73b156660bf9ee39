import type { Digest } from "@drayage/digest";

/** What happens during a copy, as plain objects. Every event names the image where an index has several. */
export type ProgressEvent =
  /** Images of an index, or one. `total` counts the images that are copied, `of` those that the index has. */
  | { readonly type: "images"; readonly total: number; readonly of: number }
  | {
      readonly type: "image";
      readonly state: "start" | "done";
      readonly instance?: Digest | undefined;
      /** `linux/arm64/v8`, where the index says. */
      readonly platform?: string | undefined;
      /** Set where the image is written once more, its layers compressed so. */
      readonly variant?: "gzip" | "zstd" | undefined;
      /** From 0. */
      readonly index: number;
    }
  | BlobProgress
  | NewLayerProgress
  | {
      readonly type: "manifest";
      readonly state: "write";
      readonly digest: Digest;
      readonly mediaType: string;
      readonly instance?: Digest | undefined;
    }
  | { readonly type: "warning"; readonly message: string };

export interface BlobProgress {
  readonly type: "blob";
  /** `start`, any number of `bytes`, then `done`; or `reused`, `skipped` or, where it came as a {@link NewLayerProgress}, `placed` alone. */
  readonly state: "start" | "bytes" | "done" | "reused" | "skipped" | "placed";
  readonly kind: "config" | "layer";
  /** The digest that the source's manifest gives. */
  readonly digest: Digest;
  /** Bytes that the source's manifest gives, where it does. */
  readonly size?: number | undefined;
  /** Bytes of the source that were read so far. */
  readonly bytes?: number | undefined;
  /** Digest and size of what was stored, with `done`, `reused` and `placed`. */
  readonly stored?: { readonly digest: Digest; readonly size: number } | undefined;
  /** Why, with `reused` and `skipped`. */
  readonly reason?: string | undefined;
  readonly instance?: Digest | undefined;
}

/** A layer that is made while it is sent: before its end it has no digest. */
export interface NewLayerProgress {
  readonly type: "newLayer";
  /** `start`, any number of `bytes`, then `done`. */
  readonly state: "start" | "bytes" | "done";
  /** Among the layers of the image, from 0. */
  readonly layerIndex: number;
  /** Bytes of its tar so far. */
  readonly bytes?: number | undefined;
  /** With `done`: digest and size of what the manifest will name. */
  readonly stored?: { readonly digest: Digest; readonly size: number } | undefined;
}
