import { readBlob } from "@drayage/blob";
import { type Digest, digestAlgorithm } from "@drayage/digest";
import { DrayageError, isDrayageError, throwIfAborted } from "@drayage/errors";
import { configLimit, type ImageManifest, manifestDigest, parseImageManifest } from "@drayage/manifest";
import type { ImageDestination, ImageSource, ProgressEvent, RawManifest } from "@drayage/transport";
import type { CopyPlan, ImagePlan } from "./plan.ts";
import { createQueue } from "./queue.ts";
import { type RewrittenImage, rewriteImage } from "./rewrite.ts";
import type { Scope } from "./scope.ts";
import { frozenError, onSide } from "./side.ts";
import { followSubject } from "./subject.ts";
import type { StoredLayer, Transfers } from "./transfer.ts";

/** All that writing one document needs to know of the whole copy. */
export interface Execution {
  readonly plan: CopyPlan;
  readonly source: ImageSource;
  readonly destination: ImageDestination;
  readonly scope: Scope;
  readonly transfers: Transfers;
  /** How many layers of an image are worked on at a time, and how many images where their order is of no account. */
  readonly lanes: number;
  readonly onProgress: ((event: ProgressEvent) => void) | undefined;
  /** What is written by now, by {@link documentKey}. */
  readonly written: ReadonlyMap<string, WrittenDocument>;
  /** The bytes of a manifest of the plan. */
  read(digest: Digest): Promise<RawManifest>;
}

/** A document as the destination was given it. */
export interface WrittenDocument {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
  /** Absent for what is no manifest. */
  readonly bytes: Uint8Array | undefined;
}

/** Copies one image: its layers, its config, its manifest, its signatures. */
export async function writeImage(
  plan: ImagePlan,
  index: number,
  execution: Execution,
): Promise<WrittenDocument> {
  const { scope, transfers, onProgress, lanes } = execution;
  const { keepsOrder } = execution.destination.accepts;
  const isRoot = plan.digest === execution.plan.root.digest;
  const instance = isRoot ? undefined : plan.digest;
  const again = plan.variant === undefined ? {} : { variant: plan.variant };
  const event = { type: "image", instance, platform: plan.platform, ...again, index } as const;
  onProgress?.({ ...event, state: "start" });
  const { bytes, mediaType } = await execution.read(plan.digest);
  const manifest = followSubject(parseImageManifest(bytes, mediaType), plan, execution);
  const { target: targetType, needsDiffIds, variant } = plan;
  const image = { instance, targetType, needsDiffIds, variant };
  const inOrder = createQueue();
  const layers = await scope.all(plan.layers, lanes, (layer) =>
    keepsOrder === true
      ? inOrder((onPlace) => transfers.layer(layer, image, onPlace))
      : transfers.layer(layer, image),
  );
  const written = await writeManifest({ plan, manifest, layers, isRoot }, execution);
  await copySignatures(plan, { isRoot, digest: written.digest }, execution);
  onProgress?.({ ...event, state: "done" });
  return written;
}

interface ImageWork {
  readonly plan: ImagePlan;
  readonly manifest: ImageManifest;
  readonly layers: readonly StoredLayer[];
  readonly isRoot: boolean;
}

/** Writes config and manifest in the planned type and, where the destination rejects it, in the next ones. */
async function writeManifest(work: ImageWork, execution: Execution): Promise<WrittenDocument> {
  const { plan, manifest } = work;
  const attempts: { readonly type: string; readonly error: Error }[] = [];
  let reading: Promise<Uint8Array | undefined> | undefined;
  const readOnce = (): Promise<Uint8Array | undefined> => {
    reading ??= readConfig(manifest, execution);
    return reading;
  };
  for (const type of [plan.target, ...plan.fallbacks]) {
    try {
      return await writeManifestAs(type, { ...work, readConfig: readOnce }, execution);
    } catch (error) {
      throwIfAborted(execution.scope.signal);
      if (!(error instanceof Error) || !mayTryAnother(error)) throw error;
      if (plan.frozen !== undefined) {
        throw frozenError(
          `the destination rejects ${manifest.mediaType}: ${error.message}`,
          plan.frozen,
          error,
        );
      }
      attempts.push({ type, error });
    }
  }
  throw attemptsError(attempts);
}

function mayTryAnother(error: Error): boolean {
  return (
    isDrayageError(error, "ERR_DRAYAGE_MANIFEST_UNSUPPORTED") ||
    isDrayageError(error, "ERR_DRAYAGE_CONVERSION_UNSUPPORTED")
  );
}

/** The error after the last type was rejected: the one error there was, or all attempts in one. */
export function attemptsError(attempts: readonly { readonly type: string; readonly error: Error }[]): Error {
  const [first, ...others] = attempts;
  if (first === undefined) return new Error("no manifest type was attempted");
  if (others.length === 0) return first.error;
  const list = attempts.map(({ type, error }) => `${type} (${error.message})`).join(", ");
  return new DrayageError(
    "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
    `the destination takes none of the formats attempted: ${list}`,
    {
      side: "destination",
      hint: "choose another format (--format), or another destination",
      cause: new AggregateError(attempts.map(({ error }) => error)),
    },
  );
}

async function writeManifestAs(
  type: string,
  work: ImageWork & { readonly readConfig: () => Promise<Uint8Array | undefined> },
  execution: Execution,
): Promise<WrittenDocument> {
  const { plan, manifest, layers, isRoot } = work;
  const { destination, scope, onProgress } = execution;
  const rewritten = await rewriteImage({
    manifest,
    target: type,
    layers,
    compat: execution.plan.compat,
    reference: destination.reference.dockerReference,
    readConfig: work.readConfig,
  });
  if (plan.frozen !== undefined && rewritten.bytes !== manifest.bytes) {
    throw frozenError(`the manifest ${plan.digest} would change`, plan.frozen);
  }
  const instance = isRoot ? undefined : plan.digest;
  await putBlobs(rewritten, instance, execution);
  const { bytes, mediaType } = rewritten;
  const digest = manifestDigest(bytes, digestAlgorithm(plan.digest));
  onProgress?.({ type: "manifest", state: "write", digest, mediaType, instance });
  await onSide("destination", "write the manifest", () =>
    destination.putManifest(bytes, {
      mediaType,
      instance: isRoot ? undefined : digest,
      isLast: isRoot && plan.signatures === 0,
      signal: scope.signal,
    }),
  );
  warnOfLoss(rewritten, plan, execution);
  return { digest, mediaType, size: bytes.length, bytes };
}

/** How many lost fields are named. */
const namedFields = 5;

function warnOfLoss(
  { dropped, mediaType }: RewrittenImage,
  { digest }: ImagePlan,
  execution: Execution,
): void {
  // Who asks for Go's bytes asks for its losses.
  if (dropped.length === 0 || execution.plan.compat === "go") return;
  const others = dropped.length > namedFields ? ` and ${dropped.length - namedFields} more` : "";
  const fields = `${dropped.slice(0, namedFields).join(", ")}${others}`;
  execution.onProgress?.({ type: "warning", message: `${digest}: ${mediaType} has no place for ${fields}` });
}

async function putBlobs(
  rewritten: RewrittenImage,
  instance: Digest | undefined,
  { transfers, plan }: Execution,
): Promise<void> {
  const { config, extraBlobs } = rewritten;
  if (config !== undefined) {
    // One that was read for the plan, and verified, is not read again.
    const bytes = config.bytes ?? plan.contents.get(config.descriptor.digest)?.bytes;
    await transfers.plain(config.descriptor, { instance }, { kind: "config", bytes });
  }
  for (const { descriptor, bytes } of extraBlobs) {
    await transfers.plain(descriptor, { instance }, { kind: "layer", bytes });
  }
}

/** The bytes of an image's config, verified. */
export async function readConfig(
  manifest: ImageManifest,
  execution: Execution,
): Promise<Uint8Array | undefined> {
  const { config } = manifest;
  if (config === undefined) return undefined;
  const kept = execution.plan.contents.get(config.digest);
  if (kept !== undefined) return kept.bytes;
  const { signal } = execution.scope;
  return onSide("source", "read the config", async () =>
    readBlob(await execution.source.blob(config, { signal }), { limit: configLimit, signal }),
  );
}

/** Copies the signatures of a manifest or index that has not changed: the plan has seen to that. */
export async function copySignatures(
  plan: { readonly digest: Digest; readonly signatures: number },
  { isRoot, digest }: { readonly isRoot: boolean; readonly digest: Digest },
  execution: Execution,
): Promise<void> {
  if (plan.signatures === 0) return;
  const { source, destination, scope } = execution;
  const { signal } = scope;
  const origin = plan.digest === execution.plan.origin.digest ? undefined : plan.digest;
  const signatures = await onSide("source", "read the signatures", async () =>
    source.signatures === undefined ? [] : source.signatures(origin, { signal }),
  );
  await onSide("destination", "write the signatures", async () =>
    destination.putSignatures?.(signatures, isRoot ? undefined : digest, { signal }),
  );
}
