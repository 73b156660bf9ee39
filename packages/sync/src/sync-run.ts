import type { SyncDestination } from "./destination.ts";
import type { SyncEvent } from "./events.ts";
import type { SyncInput } from "./options.ts";
import type { SharedBlobs } from "./shared-blobs.ts";

/** What all that is done in one sync has in common. */
export interface SyncRun {
  readonly destination: SyncDestination;
  readonly signal: AbortSignal;
  readonly blobs: SharedBlobs;
  readonly parallelBlobs: number;
  readonly existing: "compare" | "refuse";
  readonly admit: SyncInput["admit"];
  /** Nothing is asked of the destination: a plan that only names. */
  readonly blind: boolean;
  tell(event: SyncEvent): void;
}
