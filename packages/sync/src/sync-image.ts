import { type CopyResult, copyImage, planCopy, withEnds } from "@drayage/copy";
import type { Digest } from "@drayage/digest";
import { isDrayageError } from "@drayage/errors";
import { type Descriptor, isIndexMediaType, mediaTypes } from "@drayage/manifest";
import { type Location, resolveImage, type SourceOptions } from "@drayage/transport";
import type { ImageName } from "./names.ts";
import type { SyncCopyOptions } from "./options.ts";
import type { SharingDestination } from "./shared-blobs.ts";
import type { SyncRun } from "./sync-run.ts";

/** One image that is to be at the destination. */
export interface ImageTask {
  readonly from: Location;
  readonly to: Location;
  /** Its name at the destination. */
  readonly target: ImageName;
  readonly sourceOptions: SourceOptions | undefined;
  readonly copy: SyncCopyOptions;
  readonly kind: "image" | "referrer";
  readonly index: number;
  readonly of: number;
}

export interface ImageOutcome {
  /** Of what the destination has, or of the source's own manifest where it is not known what becomes of it. */
  readonly digest: Digest;
  /** Absent where nothing was copied. */
  readonly result?: CopyResult | undefined;
}

/** Brings an image to the destination, unless that has it. */
export async function syncImage(task: ImageTask, run: SyncRun): Promise<ImageOutcome> {
  const { from, to, target, copy } = task;
  const { destination, signal } = run;
  if (run.existing === "refuse") await destination.refuseExisting?.(target);
  const there = await resolveAtDestination(task, run);
  if (there !== undefined && (await isSame(task, run, there))) {
    run.tell({ ...eventOf(task), state: "present", digest: there.digest });
    return { digest: there.digest };
  }
  run.tell({ ...eventOf(task), state: "start" });
  await destination.prepare?.(target);
  const admit = run.admit?.(from);
  const ifPresent = there === undefined ? undefined : ("skip" as const);
  const options = {
    ...copy,
    admit,
    signal,
    ifPresent,
    sourceOptions: task.sourceOptions,
    destinationOptions: destination.destinationOptions,
  };
  const result = await withEnds(from, to, options, async (ends) => {
    const shared = run.blobs.share(ends.destination, destination.storeOf?.(target));
    const copied = await copyImage({
      ...options,
      ...ends,
      destination: shared.destination,
      parallelBlobs: run.parallelBlobs,
      onProgress: (event) => run.tell({ type: "progress", from: from.text, to: to.text, event }),
    });
    return withoutSpared(copied, shared);
  });
  const { digest, present } = result;
  // What has to be converted each time may turn out to be what was there.
  const wasThere = present || there?.digest === digest;
  run.tell({ ...eventOf(task), state: wasThere ? "present" : "copied", digest, result });
  return { digest, result };
}

/** Counts what was not sent after all as reused. */
function withoutSpared(result: CopyResult, { spared }: SharingDestination): CopyResult {
  if (spared.count === 0) return result;
  const { moved, reused, skipped } = result.blobs;
  return {
    ...result,
    blobs: {
      moved: {
        count: moved.count - spared.count,
        bytesRead: moved.bytesRead - spared.bytes,
        bytesStored: moved.bytesStored - spared.bytes,
      },
      reused: { count: reused.count + spared.count, bytes: reused.bytes + spared.bytes },
      skipped,
    },
  };
}

/** Tells what {@link syncImage} would do. */
export async function planImage(task: ImageTask, run: SyncRun): Promise<ImageOutcome | undefined> {
  if (run.blind) {
    run.tell({ ...eventOf(task), state: "copy" });
    return undefined;
  }
  const there = await resolveAtDestination(task, run);
  const isThere = there !== undefined && ((await isSame(task, run, there)) || (await wouldSkip(task, run)));
  run.tell({
    ...eventOf(task),
    state: isThere ? "present" : "copy",
    digest: isThere ? there.digest : undefined,
  });
  return isThere ? { digest: there.digest } : undefined;
}

/** Whether the copy would find that there is nothing to do. */
async function wouldSkip({ from, to, copy, sourceOptions }: ImageTask, run: SyncRun): Promise<boolean> {
  const { destinationOptions } = run.destination;
  const options = {
    ...copy,
    admit: run.admit?.(from),
    signal: run.signal,
    ifPresent: "skip" as const,
    sourceOptions,
    destinationOptions,
  };
  const plan = await withEnds(from, to, options, (ends) => planCopy({ ...options, ...ends }));
  return plan.present;
}

export function eventOf({ from, to, kind, index, of }: ImageTask): {
  readonly type: "image";
  readonly kind: ImageTask["kind"];
  readonly from: string;
  readonly to: string;
  readonly index: number;
  readonly of: number;
} {
  return { type: "image", kind, from: from.text, to: to.text, index, of };
}

/** What cannot be asked for may still be written: many registries deny repositories that are not there yet. */
async function resolveAtDestination({ to }: ImageTask, run: SyncRun): Promise<Descriptor | undefined> {
  if (to.transport.openSource === undefined && to.transport.resolveImage === undefined) return undefined;
  try {
    const options = { ...run.destination.destinationOptions, signal: run.signal };
    return await resolveImage(to.transport, to.reference, options);
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_ABORTED")) throw error;
    return undefined;
  }
}

/**
 * Whether the destination's image is the very one that would be written, told by digests alone. Where that cannot be told (another
 * format is wanted, one image of an index) the copy looks closer.
 */
async function isSame(
  { from, copy, sourceOptions }: ImageTask,
  run: SyncRun,
  there: Descriptor,
): Promise<boolean> {
  // Signatures, which a place in a folder may keep, are not in the digest.
  if (from.transport.resolveImage === undefined) return false;
  const here = await resolveImage(from.transport, from.reference, { ...sourceOptions, signal: run.signal });
  return here.digest === there.digest && writtenAsItIs(here.mediaType, copy);
}

const formats: Readonly<Record<NonNullable<SyncCopyOptions["format"]>, readonly string[]>> = {
  oci: [mediaTypes.ociManifest, mediaTypes.ociIndex],
  v2s2: [mediaTypes.dockerManifest, mediaTypes.dockerManifestList],
  v2s1: [mediaTypes.dockerV1Manifest, mediaTypes.dockerV1SignedManifest],
};

function writtenAsItIs(
  mediaType: string,
  { format, platforms, sparse, compression }: SyncCopyOptions,
): boolean {
  if (compression?.force === true) return false;
  if (format !== undefined && !formats[format].includes(mediaType)) return false;
  return !isIndexMediaType(mediaType) || (platforms === "all" && sparse !== "strip");
}
