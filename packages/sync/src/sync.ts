import { setMaxListeners } from "node:events";
import { memoryBlobInfoCache } from "@drayage/blob-info-cache";
import type { CopyResult } from "@drayage/copy";
import type { Digest } from "@drayage/digest";
import { abortError, DrayageError, isDrayageError, throwIfAborted } from "@drayage/errors";
import { type Location, resolveImage } from "@drayage/transport";
import type { ImageEvent, SyncEvent, SyncSummary } from "./events.ts";
import { failureAt } from "./failure.ts";
import { inOrder } from "./in-order.ts";
import { instanceLocation } from "./instance-location.ts";
import type { ImageName } from "./names.ts";
import { createNaming } from "./naming.ts";
import type { PlanSyncInput, SyncInput } from "./options.ts";
import { pruneRepository } from "./prune.ts";
import { copyReferrers } from "./referrers.ts";
import { createSharedBlobs } from "./shared-blobs.ts";
import type { SourceRepository } from "./source.ts";
import { eventOf, type ImageOutcome, type ImageTask, planImage, syncImage } from "./sync-image.ts";
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
    const outcome = await (mode.isPlan ? planImage(task, run) : syncImage(task, run));
    if (input.referrers === true) await syncReferrers(queued, { task, outcome }, work);
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

async function syncReferrers(
  queued: QueuedImage,
  { task, outcome }: { readonly task: ImageTask; readonly outcome: ImageOutcome | undefined },
  { input, mode, run }: Work,
): Promise<void> {
  const { repository, source } = queued;
  const subjects = outcome === undefined ? await subjectsOfPlan(task, run.signal) : preserved(outcome);
  if (outcome?.result?.documents.some((document) => document.source !== document.digest) === true) {
    run.tell({
      type: "warning",
      message: `${task.from.text}: what refers to it is left behind where its digest changed: copy it with its digests preserved (--all --preserve-digests)`,
    });
  }
  if (subjects.length === 0) return;
  const { naming = createNaming({}), destination } = input;
  await copyReferrers({
    image: source,
    from: task.from,
    subjects,
    sourceOptions: task.sourceOptions,
    hasTag: queued.hasTag,
    signal: run.signal,
    locate: (name) => locateReferrer(name, repository, task.from),
    async copy(name) {
      // Referrers keep their names: it is by them that they are found. Only the repository's changes.
      const target = { ...name, repository: naming({ repository: name.repository }).repository };
      const referrer: ImageTask = {
        from: locateReferrer(name, repository, task.from),
        to: destination.locate(target),
        target,
        sourceOptions: task.sourceOptions,
        copy: {
          platforms: "all",
          preserveDigests: true,
          removeSignatures: task.copy.removeSignatures,
          blobInfoCache: task.copy.blobInfoCache,
        },
        kind: "referrer",
        index: 0,
        of: 1,
      };
      const outcome = await (mode.isPlan ? planImage(referrer, run) : syncImage(referrer, run));
      return outcome?.digest ?? name.digest ?? resolveDigest(referrer, run.signal);
    },
  });
}

/** In a folder only images with names have a place of their own: others are reached through that of their image. */
function locateReferrer(name: ImageName, repository: SourceRepository, image: Location): Location {
  try {
    return repository.locate(name);
  } catch (error) {
    if (name.digest === undefined || !isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) throw error;
    return instanceLocation(image, name.digest);
  }
}

/** What the source and the destination both have, byte for byte. */
function preserved({ digest, result }: ImageOutcome): readonly Digest[] {
  const documents: CopyResult["documents"] = result?.documents ?? [];
  if (documents.length === 0) return [digest];
  return documents
    .filter((document) => document.source === document.digest)
    .map((document) => document.digest);
}

/** What a plan takes for preserved: the image itself. */
async function subjectsOfPlan(task: ImageTask, signal: AbortSignal): Promise<readonly Digest[]> {
  return [await resolveDigest(task, signal)];
}

async function resolveDigest({ from, sourceOptions }: ImageTask, signal: AbortSignal): Promise<Digest> {
  return (await resolveImage(from.transport, from.reference, { ...sourceOptions, signal })).digest;
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
