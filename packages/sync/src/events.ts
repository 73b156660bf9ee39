import type { CopyResult } from "@drayage/copy";
import type { Digest } from "@drayage/digest";
import type { ProgressEvent } from "@drayage/transport";

/** What happens during a sync, as plain objects. */
export type SyncEvent =
  /** A repository is about to be listed; then how many of its images are wanted. */
  | { readonly type: "repository"; readonly state: "listing"; readonly repository: string }
  | {
      readonly type: "repository";
      readonly state: "listed";
      readonly repository: string;
      readonly images: number;
    }
  /** It could not be listed, and the sync goes on. */
  | {
      readonly type: "repository";
      readonly state: "failed";
      readonly repository: string;
      readonly error: unknown;
    }
  | ImageEvent
  /** What the copy of an image tells. */
  | ({ readonly type: "progress"; readonly event: ProgressEvent } & Ends)
  | PruneEvent
  | { readonly type: "warning"; readonly message: string };

interface Ends {
  /** `docker://quay.io/coreos/etcd:latest` */
  readonly from: string;
  readonly to: string;
}

export interface ImageEvent extends Ends {
  readonly type: "image";
  /** What is copied for its own sake, or because it refers to such an image. */
  readonly kind: "image" | "referrer";
  /**
   * `start`, then `copied` or `failed`; or `present` alone, where the destination has it. Of a plan: `copy` or `present`.
   */
  readonly state: "start" | "copied" | "present" | "failed" | "copy";
  /** Its place among the images of its repository, from 0; 0 for referrers. */
  readonly index: number;
  /** How many images of its repository there are; 1 for referrers. */
  readonly of: number;
  /** Of what the destination has then. */
  readonly digest?: Digest | undefined;
  /** What its copy did. */
  readonly result?: CopyResult | undefined;
  readonly error?: unknown;
}

/** A tag of the destination that the source does not have. */
export interface PruneEvent {
  readonly type: "prune";
  /** `delete`: in a plan. `kept`: it could not be deleted without deleting something else. */
  readonly state: "delete" | "deleted" | "kept" | "failed";
  /** `docker://mirror.example.com/etcd:v3.0.1` */
  readonly place: string;
  /** Why, with `kept`. With `delete`: why it would be kept if the place turns out to delete whole manifests only. */
  readonly reason?: string | undefined;
  readonly error?: unknown;
}

/** What a sync did, or, of a plan, what it would do. */
export interface SyncSummary {
  readonly repositories: number;
  readonly images: { readonly copied: number; readonly present: number; readonly failed: number };
  /** Signatures, attestations and the like. */
  readonly referrers: { readonly copied: number; readonly present: number };
  readonly pruned: { readonly deleted: number; readonly kept: number; readonly failed: number };
  /** Repositories that could not be listed. */
  readonly unlisted: number;
  readonly blobs: {
    /** Bytes that were stored, and those that the destination had, or got from another of its repositories. */
    readonly movedBytes: number;
    readonly moved: number;
    readonly reusedBytes: number;
    readonly reused: number;
  };
}
