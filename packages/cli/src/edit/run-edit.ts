import type { CompressionWish, CopyOptions } from "@drayage/copy";
import {
  type EditedPlatforms,
  type EditImageResult,
  type EditStep,
  editImage,
  type ImageReport,
  type ScratchOptions,
  scratchSource,
} from "@drayage/edit";
import { DrayageError, sanitizeText } from "@drayage/errors";
import type { BlobInfoCache, ImageSource, Location } from "@drayage/transport";
import { endConnectionOptions } from "../connection-options.ts";
import type { DrayContext } from "../context.ts";
import { openKnownBlobs } from "../known-blobs.ts";
import { openLocations, requireText } from "../locations.ts";
import { readTrustPolicy } from "../policy.ts";
import { createReporter } from "../progress/reporter.ts";
import { writeDigest } from "../push-destination.ts";
import { resolveSource, type SourceLocation } from "../source-location.ts";
import { sourceOptions, warn } from "../source-options.ts";
import type { CompressionFlags, EditFlags } from "./edit-flags.ts";

interface Ends {
  readonly from: string;
  readonly to: string | undefined;
  /** Where SOURCE may be `scratch`. */
  readonly scratch?: ScratchOptions | undefined;
}

/** Edits an image from one place to another, or shows what would change, and says its new digest. */
export async function runEdit(
  context: DrayContext,
  flags: EditFlags,
  { from, to, scratch }: Ends,
  step: EditStep,
): Promise<void> {
  if (to === undefined && flags.dryRun !== true) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "the DESTINATION is missing", {
      hint: "name the place to write to, or ask what would change with --dry-run",
    });
  }
  const trust = await readTrustPolicy(context, flags);
  const isScratch = scratch !== undefined && from === "scratch";
  await using source = isScratch
    ? undefined
    : await resolveSource(context, flags, { text: from, what: "source" });
  const admit = source === undefined ? undefined : trust(source);
  if (flags.dryRun) {
    await showEdit(context, flags, { source, scratch, admit, step });
    return;
  }
  await using destination = await resolveDestination(context, flags, to ?? "");
  const schemes = [source?.transport.scheme ?? "", destination.transport.scheme];
  await using known = await openKnownBlobs(context, schemes);
  const reporter = createReporter(context, {
    style: flags.quiet ? "none" : (flags.progress ?? "auto"),
    verb: "Copying",
  });
  let result: EditImageResult;
  try {
    result = await editImage(source ?? "scratch", destination, step, {
      signal: context.signal,
      format: flags.format,
      scratch,
      sourceOptions: ownSourceOptions(context, flags),
      destinationOptions: {
        ...sourceOptions(context, { tmpdir: flags.tmpdir }),
        connection: endConnectionOptions(flags, "dest"),
        additionalTags: flags.additionalTag,
      },
      blobInfoCache: known.blobInfoCache,
      admit,
      onProgress: (event) => reporter.report(event),
    });
  } finally {
    reporter.end();
  }
  const { copied, images } = result;
  if (flags.digestfile !== undefined) await writeDigest(flags.digestfile, copied.digest);
  const { digest, mediaType } = copied;
  const record = { from, to: destination.text, digest, mediaType, images };
  context.process.stdout.write(flags.json ? `${JSON.stringify(record, null, 4)}\n` : `${digest}\n`);
}

function ownSourceOptions(
  context: DrayContext,
  flags: EditFlags,
): ReturnType<typeof sourceOptions> & {
  readonly connection: ReturnType<typeof endConnectionOptions>;
} {
  return {
    ...sourceOptions(context, { tmpdir: flags.tmpdir }),
    connection: endConnectionOptions(flags, "src"),
  };
}

/** The flags that name a store count for a destination in it, too. */
async function resolveDestination(
  context: DrayContext,
  flags: EditFlags,
  text: string,
): Promise<Location & AsyncDisposable> {
  if (text.startsWith("containers-storage:"))
    return resolveSource(context, flags, { text, what: "destination" });
  const locations = await openLocations(context, flags.plugin);
  const location = await locations.resolve(requireText(text, "destination"), "destination");
  return { ...location, [Symbol.asyncDispose]: async () => undefined };
}

interface Shown {
  readonly source: SourceLocation | undefined;
  readonly scratch: ScratchOptions | undefined;
  readonly admit: CopyOptions["admit"];
  readonly step: EditStep;
}

async function showEdit(
  context: DrayContext,
  flags: EditFlags,
  { source: location, scratch, admit, step }: Shown,
): Promise<void> {
  await using source =
    location === undefined ? scratchSource(scratch) : await openLocation(context, flags, location);
  await using edited = await step(source, { signal: context.signal, admit });
  const { digest, images } = edited;
  const text = flags.json
    ? JSON.stringify({ from: location?.text ?? "scratch", digest, images }, null, 4)
    : [...images.flatMap(reportLines), digest].join("\n");
  context.process.stdout.write(`${text}\n`);
}

/** Opens an image that is only looked at: the source of a dry run, a base. */
export async function openLocation(
  context: DrayContext,
  flags: EditFlags,
  { transport, reference, text }: Location,
  blobInfoCache?: BlobInfoCache,
): Promise<ImageSource> {
  if (transport.openSource === undefined) {
    throw new DrayageError("ERR_DRAYAGE_TRANSPORT_UNSUPPORTED", `${text} cannot be read from`, {
      side: "source",
      hint: "dray transports lists what each transport can do",
    });
  }
  return transport.openSource(reference, { ...ownSourceOptions(context, flags), blobInfoCache });
}

function reportLines({ platform, before, after, changes }: ImageReport): readonly string[] {
  if (before === after) return [`${platform}: nothing changes`];
  return [
    `${platform}: ${before} becomes ${after}`,
    ...changes.map(
      ({ path, before: was, after: is }) => `  ${sanitizeText(`${path}: ${shown(was)} -> ${shown(is)}`)}`,
    ),
  ];
}

function shown(value: unknown): string {
  return value === undefined ? "(none)" : JSON.stringify(value);
}

/** What the flags say about which images are edited, and how. */
export function stepOptions(
  context: DrayContext,
  flags: EditFlags,
): {
  readonly platforms: EditedPlatforms;
  readonly attestations: "drop" | "keep";
  readonly temporaryDir: string | undefined;
  readonly onWarning: (message: string) => void;
} {
  return {
    platforms: flags.platform ?? "all",
    attestations: flags.keepAttestations ? "keep" : "drop",
    temporaryDir: flags.tmpdir,
    onWarning: (message) => warn(context, message),
  };
}

/** What the flags say about new layers. */
export function compressionWish({
  destCompressFormat: format,
  destCompressLevel: level,
}: CompressionFlags): CompressionWish | undefined {
  if (format === undefined && level === undefined) return undefined;
  return { format: format ?? "gzip", level };
}
