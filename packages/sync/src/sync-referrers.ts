import type { CopyResult } from "@drayage/copy";
import type { Digest } from "@drayage/digest";
import { isDrayageError } from "@drayage/errors";
import { isIndexMediaType, parseImageIndex } from "@drayage/manifest";
import { type Location, type RawManifest, requireAbility, resolveImage } from "@drayage/transport";
import { instanceLocation } from "./instance-location.ts";
import type { ImageName } from "./names.ts";
import { createNaming } from "./naming.ts";
import type { SyncCopyOptions, SyncInput } from "./options.ts";
import { copyReferrers } from "./referrers.ts";
import type { SourceRepository } from "./source.ts";
import { type ImageOutcome, type ImageTask, planImage, syncImage } from "./sync-image.ts";
import type { SyncRun } from "./sync-run.ts";
import type { QueuedImage } from "./tasks.ts";

/** An image whose turn it is. */
export interface ImageWork {
  readonly queued: QueuedImage;
  readonly task: ImageTask;
  readonly input: SyncInput;
  readonly isPlan: boolean;
  readonly run: SyncRun;
}

/** Brings what refers to an image to where that image is now. */
export async function syncReferrers(work: ImageWork, outcome: ImageOutcome | undefined): Promise<void> {
  const { queued, task, run } = work;
  const { repository, source } = queued;
  const subjects = outcome === undefined ? await subjectsOfPlan(task, run.signal) : preserved(outcome);
  if (outcome?.result?.documents.some((document) => document.source !== document.digest) === true) {
    run.tell({
      type: "warning",
      message: `${task.from.text}: what refers to it is left behind where its digest changed: copy it with its digests preserved (--all --preserve-digests)`,
    });
  }
  if (subjects.length === 0) return;
  await copyReferrers({
    image: source,
    from: task.from,
    subjects,
    sourceOptions: task.sourceOptions,
    hasTag: queued.hasTag,
    signal: run.signal,
    locate: (name) => locateReferrer(name, repository, task.from),
    copy: (name) => copyReferrer(name, work),
  });
}

/**
 * Brings what a list of referrers names, where the list stands under a tag as an image would. The destination lists them in its own way,
 * together with those that it has: the list itself goes only where each image is kept alone.
 */
export async function syncReferrersTag(work: ImageWork): Promise<void> {
  const { queued, task, input, isPlan, run } = work;
  const { bytes, mediaType } = await manifestOf(task, run.signal);
  if (!isIndexMediaType(mediaType)) {
    run.tell({
      type: "warning",
      message: `${task.from.text}: is left out: a list of referrers belongs there, and it is a single manifest`,
    });
    return;
  }
  if (!input.destination.keepsReferrers) {
    const whole = { ...task, copy: asItIs(task) };
    await (isPlan ? planImage(whole, run) : syncImage(whole, run));
    return;
  }
  const { repository } = queued.source;
  for (const { digest } of parseImageIndex(bytes, mediaType).manifests) {
    await copyReferrer({ repository, digest }, work);
  }
}

async function manifestOf(
  { from: { transport, reference }, sourceOptions }: ImageTask,
  signal: AbortSignal,
): Promise<RawManifest> {
  const open = requireAbility(transport, "openSource").openSource;
  await using source = await open(reference, { ...sourceOptions, signal });
  return await source.manifest(undefined, { signal });
}

async function copyReferrer(
  name: ImageName,
  { queued, task, input, isPlan, run }: ImageWork,
): Promise<Digest | undefined> {
  const { naming = createNaming({}), destination } = input;
  // Referrers keep their names: it is by them that they are found. Only the repository's changes.
  const target = { ...name, repository: naming({ repository: name.repository }).repository };
  const referrer: ImageTask = {
    from: locateReferrer(name, queued.repository, task.from),
    to: destination.locate(target),
    target,
    sourceOptions: task.sourceOptions,
    copy: asItIs(task),
    kind: "referrer",
    index: 0,
    of: 1,
  };
  const outcome = await (isPlan ? planImage(referrer, run) : syncImage(referrer, run));
  return outcome?.digest ?? name.digest ?? resolveDigest(referrer, run.signal);
}

function asItIs({ copy: { removeSignatures, blobInfoCache } }: ImageTask): SyncCopyOptions {
  return { platforms: "all", preserveDigests: true, removeSignatures, blobInfoCache };
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
