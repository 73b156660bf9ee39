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
      /** From 0. */
      readonly index: number;
    }
  | BlobProgress
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
  /** `start`, any number of `bytes`, then `done`; or `reused` or `skipped` alone. */
  readonly state: "start" | "bytes" | "done" | "reused" | "skipped";
  readonly kind: "config" | "layer";
  /** The digest that the source's manifest gives. */
  readonly digest: Digest;
  /** Bytes that the source's manifest gives, where it does. */
  readonly size?: number | undefined;
  /** Bytes of the source that were read so far. */
  readonly bytes?: number | undefined;
  /** Digest and size of what was stored, with `done` and `reused`. */
  readonly stored?: { readonly digest: Digest; readonly size: number } | undefined;
  /** Why, with `reused` and `skipped`. */
  readonly reason?: string | undefined;
  readonly instance?: Digest | undefined;
}
