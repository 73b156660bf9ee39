import { holdWorkers } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import type { ImageDestination, ImageSource, RawManifest } from "@drayage/transport";
import { readDocument } from "./documents.ts";
import { type Execution, type WrittenDocument, writeImage } from "./execute-image.ts";
import { writeIndex } from "./execute-index.ts";
import { createLimiter } from "./limiter.ts";
import type { ExecuteOptions } from "./options.ts";
import type { CopyPlan, DocumentPlan, IndexPlan, OpaquePlan } from "./plan.ts";
import { type CopyResult, presentResult } from "./result.ts";
import { type Scope, withScope } from "./scope.ts";
import { onDocuments, onSide } from "./side.ts";
import { Transfers } from "./transfer.ts";
import { documentKey } from "./variants.ts";
import { writingSteps } from "./writing-steps.ts";

/** As many as containers/image moves. */
const defaultParallelBlobs = 6;

export interface ExecuteInput extends ExecuteOptions {
  readonly plan: CopyPlan;
  readonly source: ImageSource;
  readonly destination: ImageDestination;
}

/**
 * Carries out a plan on the ends it was made for, and commits. Opens and closes nothing: after a failure
 * the caller closes the destination, which leaves its place as it was.
 *
 * Throws what the ends throw, with `side`; what failed first, after all parallel work has ended.
 */
export async function executePlan(input: ExecuteInput): Promise<CopyResult> {
  return runPlan(input, { fresh: false });
}

/** `fresh`: the plan was made just now, of these very ends. */
export async function runPlan(
  input: ExecuteInput,
  { fresh }: { readonly fresh: boolean },
): Promise<CopyResult> {
  const { plan, destination, onProgress } = input;
  const parallel = Math.min(input.parallelBlobs ?? defaultParallelBlobs, destination.accepts.parallelBlobs);
  if (!Number.isInteger(parallel) || parallel < 1) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${parallel} blobs cannot move at the same time`, {
      hint: "parallelBlobs (--image-parallel-copies) is a whole number, at least 1",
    });
  }
  if (plan.present) return presentOf(plan);
  return onDocuments(() =>
    withScope(input.signal, async (scope) => {
      const transfers = new Transfers({
        source: input.source,
        destination,
        scope,
        limiter: createLimiter(parallel),
        compression: plan.compression,
        compat: plan.compat,
        fresh,
        blobInfoCache: input.blobInfoCache,
        onProgress,
      });
      const written = new Map<string, WrittenDocument>();
      const execution: Execution = {
        plan,
        source: input.source,
        destination,
        scope,
        transfers,
        lanes: parallel,
        onProgress,
        written,
        read: (digest) => readPlanned(digest, input, scope),
      };
      // Threads serve one blob after the other, instead of being started for each.
      using _hold = holdWorkers();
      await writeDocuments(execution, written);
      throwIfAborted(scope.signal);
      const { signal } = scope;
      const origin =
        plan.root.digest === plan.origin.digest ? undefined : plan.contents.get(plan.origin.digest);
      await onSide("destination", "commit the image", () =>
        destination.commit({ signal, timestamp: input.timestamp, origin }),
      );
      return resultOf(plan, written, transfers);
    }),
  );
}

/** A manifest as it was when the plan was made: from the plan, or by its digest from the source. */
async function readPlanned(
  digest: Digest,
  { plan, source }: ExecuteInput,
  scope: Scope,
): Promise<RawManifest> {
  const kept = plan.contents.get(digest);
  if (kept !== undefined) return kept;
  return readDocument(source, digest, { signal: scope.signal });
}

async function writeDocuments(execution: Execution, written: Map<string, WrittenDocument>): Promise<void> {
  const { plan, scope, destination } = execution;
  const lanes = destination.accepts.keepsOrder === true ? 1 : execution.lanes;
  const indexes = plan.documents.filter((document) => document.kind === "index");
  const images = plan.documents.filter((document) => document.kind === "image");
  execution.onProgress?.({ type: "images", total: images.length, of: countImages(indexes, images.length) });
  const write = (document: DocumentPlan): Promise<WrittenDocument> => {
    if (document.kind === "image") return writeImage(document, images.indexOf(document), execution);
    return document.kind === "index" ? writeIndex(document, execution) : writeOpaque(document, execution);
  };
  for (const step of writingSteps(plan.documents)) {
    await scope.all(step, lanes, async (document) => {
      written.set(documentKey(document), await write(document));
    });
  }
}

async function writeOpaque(
  { digest, mediaType, size, descriptor }: OpaquePlan,
  { transfers }: Execution,
): Promise<WrittenDocument> {
  await transfers.plain(descriptor, { instance: digest }, { kind: "layer" });
  return { digest, mediaType, size, bytes: undefined };
}

/** How many images there are to choose from. */
function countImages(indexes: readonly IndexPlan[], images: number): number {
  if (indexes.length === 0) return images;
  const nested = new Set(indexes.map(({ digest }) => digest));
  return indexes.flatMap(({ members, variants }) => [
    ...members.filter(({ digest }) => !nested.has(digest)),
    ...variants,
  ]).length;
}

function resultOf(
  plan: CopyPlan,
  written: ReadonlyMap<string, WrittenDocument>,
  transfers: Transfers,
): CopyResult {
  const root = written.get(plan.root.digest);
  if (root?.bytes === undefined) throw new Error(`the plan does not write its root ${plan.root.digest}`);
  return {
    digest: root.digest,
    mediaType: root.mediaType,
    manifest: root.bytes,
    present: false,
    ...(plan.otherPlatform === undefined ? {} : { otherPlatform: plan.otherPlatform }),
    documents: plan.documents.flatMap((document) => {
      const result = written.get(documentKey(document));
      if (result === undefined) return [];
      const { digest, mediaType, size } = result;
      return [
        {
          kind: document.kind,
          source: document.digest,
          digest,
          mediaType,
          size,
          platform: platformOf(document),
          ...(document.kind === "image" && document.variant !== undefined
            ? { variant: document.variant }
            : {}),
        },
      ];
    }),
    blobs: transfers.totals,
  };
}

function presentOf(plan: CopyPlan): CopyResult {
  const root = plan.contents.get(plan.root.digest);
  if (root === undefined) throw new Error(`the plan lacks the bytes of its root ${plan.root.digest}`);
  const { otherPlatform } = plan;
  const result = presentResult({ ...root, mediaType: plan.root.mediaType, digest: plan.root.digest });
  return otherPlatform === undefined ? result : { ...result, otherPlatform };
}

function platformOf(document: DocumentPlan): string | undefined {
  return document.kind === "image" ? document.platform : undefined;
}
