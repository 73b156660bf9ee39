import { setMaxListeners } from "node:events";
import { memoryBlobInfoCache } from "@drayage/blob-info-cache";
import { abortError, DrayageError, isDrayageError, throwIfAborted } from "@drayage/errors";
import type { ImageEvent, SyncEvent, SyncSummary } from "./events.ts";
import { failureAt } from "./failure.ts";
import { inOrder } from "./in-order.ts";
import { isReferrersTag } from "./names.ts";
import type { PlanSyncInput, SyncInput } from "./options.ts";
import { pruneRepository } from "./prune.ts";
import { createSharedBlobs } from "./shared-blobs.ts";
import { eventOf, type ImageTask, planImage, syncImage } from "./sync-image.ts";
import { syncReferrers, syncReferrersTag } from "./sync-referrers.ts";
import type { SyncRun } from "./sync-run.ts";
import { createTally } from "./tally.ts";
import { type Listed, type QueuedImage, queueImages } from "./tasks.ts";
import { Wanted } from "./wanted.ts";

/**
 * Brings the images of a source to a destination, several at a time. What is there already is left alone, so that a sync that was
 * killed goes on where it was; blobs that several images share are sent once.
 *
 * The first failure ends it, after what runs beside it has been stopped. With `keepGoing` failures are told by events and counted
 * in the result instead.
 *
 * Throws what the ends throw, with the name of the image; `ERR_DRAYAGE_USAGE` where two images would go to one place or the
 * destination cannot do what is asked for.
 */
export async function runSync(input: SyncInput): Promise<SyncSummary> {
  return run(input, { isPlan: false, blind: false });
}

/** Tells by events what {@link runSync} would do: images with `copy` or `present`, tags with `delete`. Writes nothing. */
export async function planSync(input: PlanSyncInput): Promise<SyncSummary> {
  return run(input, { isPlan: true, blind: input.blind === true });
}

interface Mode {
  readonly isPlan: boolean;
  readonly blind: boolean;
}

const usualParallelImages = 4;
const usualParallelBlobs = 6;

async function run(given: SyncInput, mode: Mode): Promise<SyncSummary> {
  checkInput(given);
  // What one image's copy finds out serves all others.
  const blobInfoCache = given.copy?.blobInfoCache ?? memoryBlobInfoCache();
  const input = { ...given, copy: { ...given.copy, blobInfoCache } };
  throwIfAborted(input.signal);
  const lanes = input.parallelImages ?? usualParallelImages;
  const parallelBlobs = input.parallelBlobs ?? Math.max(usualParallelBlobs, lanes);
  const controller = new AbortController();
  const { signal } = controller;
  setMaxListeners(0, signal);
  const forward = (): void => controller.abort(input.signal?.reason);
  input.signal?.addEventListener("abort", forward, { once: true });
  const tally = createTally();
  const tell = (event: SyncEvent): void => {
    tally.count(event);
    input.onEvent?.(event);
  };
  const work: Work = {
    input,
    mode,
    wanted: new Wanted(),
    listed: { repositories: 0, unlisted: 0 },
    run: {
      destination: input.destination,
      signal,
      blobs: createSharedBlobs(parallelBlobs, signal),
      parallelBlobs,
      existing: input.existing ?? "compare",
      admit: input.admit,
      blind: mode.blind,
      tell,
    },
  };
  try {
    await syncAll(work, lanes, controller);
    if (input.prune === true && !mode.blind) {
      for (const wanted of work.wanted.all()) {
        throwIfAborted(signal);
        await pruneRepository(wanted, work.run, mode);
      }
    }
  } catch (error) {
    // The caller's wish to stop is the reason, whatever its effects were on the way.
    throw input.signal?.aborted === true ? abortError(input.signal.reason) : error;
  } finally {
    input.signal?.removeEventListener("abort", forward);
  }
  return tally.summary(work.listed);
}

interface Work {
  readonly input: SyncInput;
  readonly mode: Mode;
  readonly wanted: Wanted;
  readonly listed: Listed;
  readonly run: SyncRun;
}

/** Works the queue off in lanes. The first failure aborts what runs in the others, and is thrown once all have ended. */
async function syncAll(work: Work, lanes: number, controller: AbortController): Promise<void> {
  const { input, mode, run } = work;
  const { signal } = controller;
  // A plan is told in the order of its images, however long each of them takes.
  const ordered = mode.isPlan ? inOrder(run.tell) : undefined;
  const onEvent = ordered?.tell ?? run.tell;
  const queue = queueImages({ ...input, onEvent }, { wanted: work.wanted, listed: work.listed, signal });
  let failure: { readonly error: unknown } | undefined;
  const lane = async (): Promise<void> => {
    try {
      while (!signal.aborted) {
        const next = await queue.next();
        if (next.done === true) return;
        const turn = ordered?.turn();
        try {
          await syncOne(
            next.value,
            turn === undefined ? work : { ...work, run: { ...run, tell: turn.tell } },
          );
        } finally {
          turn?.end();
        }
      }
    } catch (error) {
      failure ??= { error };
      controller.abort(error);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  // It may be in the midst of a registry's list.
  await queue.return();
  if (failure !== undefined) throw failure.error;
  throwIfAborted(signal);
}

async function syncOne(queued: QueuedImage, work: Work): Promise<void> {
  const { input, mode, run } = work;
  let task: ImageTask | undefined;
  try {
    task = queued.task();
    const image = { queued, task, input, run, isPlan: mode.isPlan };
    if (isReferrersTag(queued.source.tag ?? "")) {
      await syncReferrersTag(image);
      return;
    }
    const outcome = await (mode.isPlan ? planImage(task, run) : syncImage(task, run));
    if (input.referrers === true) await syncReferrers(image, outcome);
  } catch (error) {
    queued.wanted.failed = true;
    if (isDrayageError(error, "ERR_DRAYAGE_ABORTED") || run.signal.aborted) throw error;
    const from = task?.from.text ?? `${queued.repository.text}:${queued.source.tag ?? ""}`;
    const named = failureAt(from, error);
    if (input.keepGoing !== true) throw named;
    const ends = task === undefined ? { from, to: "", index: 0, of: 1 } : eventOf(task);
    run.tell({ ...ends, type: "image", kind: "image", state: "failed", error: named } satisfies ImageEvent);
  }
}

function checkInput({
  parallelImages = 1,
  parallelBlobs = 1,
  referrers,
  prune,
  destination,
}: SyncInput): void {
  for (const count of [parallelImages, parallelBlobs]) {
    if (Number.isInteger(count) && count >= 1) continue;
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${count} cannot move at the same time`, {
      hint: "parallelImages (--parallel) and parallelBlobs are whole numbers, at least 1",
    });
  }
  if (referrers === true && !destination.keepsReferrers) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      "the destination keeps each image alone: signatures and attestations cannot stand beside it",
      { side: "destination", hint: "leave out --referrers, or choose docker or oci-dir as --dest" },
    );
  }
  if (prune === true && destination.tags === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      "the destination cannot list and delete tags: nothing can be pruned",
      {
        side: "destination",
        hint: "leave out --prune, or choose docker or oci-dir as --dest",
      },
    );
  }
}
