import type { ImageEvent, SyncEvent, SyncSummary } from "./events.ts";
import type { Listed } from "./tasks.ts";

/** Counts what events tell. */
export interface Tally {
  count(event: SyncEvent): void;
  summary(listed: Listed): SyncSummary;
}

export function createTally(): Tally {
  const images = { copied: 0, present: 0, failed: 0 };
  const referrers = { copied: 0, present: 0 };
  const pruned = { deleted: 0, kept: 0, failed: 0 };
  const blobs = { movedBytes: 0, moved: 0, reusedBytes: 0, reused: 0 };

  function countImage({ kind, state, result }: ImageEvent): void {
    const counts = kind === "image" ? images : referrers;
    if (state === "copied" || state === "copy") counts.copied += 1;
    if (state === "present") counts.present += 1;
    if (state === "failed") images.failed += 1;
    if (result === undefined) return;
    blobs.moved += result.blobs.moved.count;
    blobs.movedBytes += result.blobs.moved.bytesStored;
    blobs.reused += result.blobs.reused.count;
    blobs.reusedBytes += result.blobs.reused.bytes;
  }

  return {
    count(event) {
      if (event.type === "image") countImage(event);
      if (event.type !== "prune") return;
      if (event.state === "deleted" || event.state === "delete") pruned.deleted += 1;
      else pruned[event.state] += 1;
    },
    summary: ({ repositories, unlisted }) => ({ repositories, unlisted, images, referrers, pruned, blobs }),
  };
}
