import type { CopyOptions } from "@drayage/copy";
import type { Location, OperationOptions } from "@drayage/transport";
import type { SyncDestination } from "./destination.ts";
import type { SyncEvent } from "./events.ts";
import type { Naming } from "./naming.ts";
import type { SyncSource } from "./source.ts";

/** What of a copy's options holds for every image. */
export type SyncCopyOptions = Omit<
  CopyOptions,
  "signal" | "onProgress" | "ifPresent" | "expectedDigest" | "parallelBlobs" | "admit"
>;

export interface SyncInput extends OperationOptions {
  readonly source: SyncSource;
  readonly destination: SyncDestination;
  /** What images are called at the destination; where absent, by the last component of their repository, as for skopeo. */
  readonly naming?: Naming | undefined;
  readonly copy?: SyncCopyOptions | undefined;
  /** Decides for each source what may be copied from it (a trust policy). What the destination has already is not asked about. */
  readonly admit?: ((source: Location) => CopyOptions["admit"]) | undefined;
  /** How many images are copied at the same time; 4 where absent. */
  readonly parallelImages?: number | undefined;
  /** How many blobs move at the same time, over all images; 6, or the number of images if there are more, where absent. */
  readonly parallelBlobs?: number | undefined;
  /** Also copies what refers to the images: signatures, attestations, SBOMs. */
  readonly referrers?: boolean | undefined;
  /** Deletes the tags of synced repositories that the source does not have. */
  readonly prune?: boolean | undefined;
  /** Goes on after an image that failed. */
  readonly keepGoing?: boolean | undefined;
  /** `skip`: a repository that cannot be listed does not count as a failure, as for skopeo's lists. */
  readonly unlisted?: "fail" | "skip" | undefined;
  /** `refuse`: never writes where something is, as skopeo for `dir`. `compare`, the default: what differs is replaced. */
  readonly existing?: "compare" | "refuse" | undefined;
  readonly onEvent?: ((event: SyncEvent) => void) | undefined;
}

export interface PlanSyncInput extends SyncInput {
  /** Does not ask the destination what it has: every image would be copied, and nothing is said of deleting. */
  readonly blind?: boolean | undefined;
}
