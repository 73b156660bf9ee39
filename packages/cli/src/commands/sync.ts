import { closeSync, openSync, writeSync } from "node:fs";
import { DrayageError, ioError, isDrayageError } from "@drayage/errors";
import {
  createNaming,
  parseRename,
  planSync,
  runSync,
  type SyncEvent,
  type SyncInput,
  type SyncSummary,
} from "@drayage/sync";
import { endConnectionOptions } from "../connection-options.ts";
import type { DrayContext } from "../context.ts";
import { refuseFlags } from "../flags/refused-flags.ts";
import { openKnownBlobs } from "../known-blobs.ts";
import { openLocations } from "../locations.ts";
import { platformWish } from "../platform-wish.ts";
import { readTrustPolicy } from "../policy.ts";
import { createSyncReport } from "../progress/sync-report.ts";
import { sourceOptions } from "../source-options.ts";
import { syncDestination, syncKinds, syncSource } from "../sync-ends.ts";
import type { SyncFlags } from "./sync.command.ts";

/** `dray sync` */
export async function sync(this: DrayContext, flags: SyncFlags, from: string, to: string): Promise<void> {
  refuseFlags(flags);
  const kinds = syncKinds(flags);
  const admit = await readTrustPolicy(this, flags);
  const { registry } = await openLocations(this, flags.plugin);
  const general = sourceOptions(this, { tmpdir: flags.tmpdir });
  const ends = {
    src: { ...general, connection: endConnectionOptions(flags, "src") },
    dest: { ...general, connection: endConnectionOptions(flags, "dest") },
  };
  const { source, registryText } = await syncSource(this, {
    kind: kinds.src,
    text: from,
    flags,
    registry,
    sourceOptions: ends.src,
  });
  const destination = await syncDestination(kinds.dest, to, { registry, destinationOptions: ends.dest });
  const isSkopeo = this.personality === "skopeo";
  const report = createSyncReport(this, {
    source: { text: from, registryText },
    isPlan: flags.dryRun === true,
    json: flags.json === true,
    style: flags.quiet ? "none" : (flags.progress ?? "lines"),
    removeSignatures: flags.removeSignatures,
  });
  await using known = await openKnownBlobs(this, [kinds.src, kinds.dest]);
  using digests = openDigestFile(flags);
  const input: SyncInput = {
    ...choices(flags),
    source,
    destination,
    signal: this.signal,
    admit,
    copy: {
      platforms: flags.all ? "all" : (platformWish(flags) ?? "system"),
      format: flags.format,
      preserveDigests: flags.preserveDigests,
      removeSignatures: flags.removeSignatures,
      compat: isSkopeo ? "go" : undefined,
      blobInfoCache: known.blobInfoCache,
    },
    // skopeo copies one after the other, and scripts may read its lines in their order.
    parallelImages: flags.parallel ?? (isSkopeo ? 1 : undefined),
    existing: isSkopeo ? "refuse" : "compare",
    unlisted: isSkopeo && kinds.src === "yaml" ? "skip" : "fail",
    onEvent(event) {
      digests.note(event);
      report.event(event);
    },
  };
  report.begin();
  let summary: SyncSummary;
  try {
    summary = await work(input, flags, { isSkopeo });
  } catch (error) {
    report.fail(error);
    throw error;
  }
  report.end(summary);
  checkSummary(summary);
}

async function work(
  input: SyncInput,
  flags: SyncFlags,
  { isSkopeo }: { readonly isSkopeo: boolean },
): Promise<SyncSummary> {
  try {
    return await (flags.dryRun ? planSync({ ...input, blind: isSkopeo }) : runSync(input));
  } catch (error) {
    throw isSkopeo ? inSkopeosWords(error) : error;
  }
}

/** `docker://x:1: no such …` as `Error copying ref "docker://x:1": no such …` */
function inSkopeosWords(error: unknown): unknown {
  if (!isDrayageError<string>(error)) return error;
  const place = /^((?:docker|dir):\S+): /.exec(error.message);
  if (place === null) return error;
  const { code, op, side, hint, retryable } = error;
  const message = `Error copying ref ${JSON.stringify(place[1])}: ${error.message.slice(place[0].length)}`;
  return new DrayageError(code, message, { op, side, hint, retryable, cause: error });
}

function choices(
  flags: SyncFlags,
): Pick<SyncInput, "naming" | "parallelBlobs" | "referrers" | "prune" | "keepGoing"> {
  const { scoped, rename = [], appendSuffix, imageParallelCopies } = flags;
  return {
    naming: createNaming({ scoped, renames: rename.map(parseRename), appendSuffix }),
    parallelBlobs: imageParallelCopies === 0 ? undefined : imageParallelCopies,
    referrers: flags.referrers,
    prune: flags.prune,
    keepGoing: flags.keepGoing,
  };
}

interface DigestFile extends Disposable {
  /** Writes a line for an image that the destination has. */
  note(event: SyncEvent): void;
}

/** A line `<digest> <place>` for each image, as soon as it is there. */
function openDigestFile({ digestfile: path, dryRun }: SyncFlags): DigestFile {
  if (path === undefined || dryRun) return { note: () => undefined, [Symbol.dispose]: () => undefined };
  const descriptor = onDigestFile(path, () => openSync(path, "w", 0o644));
  return {
    note(event) {
      if (event.type !== "image" || event.kind !== "image" || event.digest === undefined) return;
      const line = `${event.digest} ${event.to}\n`;
      onDigestFile(path, () => writeSync(descriptor, line));
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}

function onDigestFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw ioError(error, "write the digest file", { path });
  }
}

function checkSummary({ images, unlisted, pruned }: SyncSummary): void {
  if (images.failed === 0 && unlisted === 0 && pruned.failed === 0) return;
  throw new DrayageError(
    "ERR_DRAYAGE_SYNC_INCOMPLETE",
    "Sync failed due to previous reported error(s) for one or more images",
    { hint: "run the command again: what is there already is not copied a second time" },
  );
}
