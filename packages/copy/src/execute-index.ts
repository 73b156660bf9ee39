import { type Digest, digestAlgorithm } from "@drayage/digest";
import { isDrayageError, throwIfAborted } from "@drayage/errors";
import {
  convertIndex,
  type Descriptor,
  type ImageIndex,
  isImageMediaType,
  manifestDigest,
  mediaTypes,
  type Platform,
  parseConfig,
  parseImageIndex,
  parseImageManifest,
  platformOfConfig,
} from "@drayage/manifest";
import {
  attemptsError,
  copySignatures,
  type Execution,
  readConfig,
  type WrittenDocument,
} from "./execute-image.ts";
import type { IndexPlan } from "./plan.ts";
import { frozenError, onSide } from "./side.ts";
import { followIndexSubject, followReference } from "./subject.ts";
import { documentKey, withVariants } from "./variants.ts";

/** Writes an index whose members are written already. */
export async function writeIndex(plan: IndexPlan, execution: Execution): Promise<WrittenDocument> {
  const { written } = execution;
  const isRoot = plan.digest === execution.plan.root.digest;
  const { bytes: original, mediaType } = await execution.read(plan.digest);
  const index = followIndexSubject(parseImageIndex(original, mediaType), plan, execution);
  const manifests = withVariants(index, editedMembers(index, plan, execution), variantsOf(plan, written));
  const attempts: { readonly type: string; readonly error: Error }[] = [];
  for (const type of [plan.target, ...plan.fallbacks]) {
    const platforms = await missingPlatforms(manifests, type, execution);
    const bytes = convertIndex(index, type, { manifests, platforms, compat: execution.plan.compat });
    if (plan.frozen !== undefined && bytes !== index.bytes) {
      throw frozenError(`the index ${plan.digest} would change`, plan.frozen);
    }
    try {
      const result = await putIndex({ plan, type, bytes, isRoot }, execution);
      await copySignatures(plan, { isRoot, digest: result.digest }, execution);
      return result;
    } catch (error) {
      throwIfAborted(execution.scope.signal);
      if (!(error instanceof Error) || !isDrayageError(error, "ERR_DRAYAGE_MANIFEST_UNSUPPORTED"))
        throw error;
      if (plan.frozen !== undefined) {
        throw frozenError(`the destination rejects ${type}: ${error.message}`, plan.frozen, error);
      }
      attempts.push({ type, error });
    }
  }
  throw attemptsError(attempts);
}

/** The entries of the index as they are to be: with the digests that were written, without those to strip. */
function editedMembers(
  index: ImageIndex,
  plan: IndexPlan,
  { written, plan: { compat } }: Execution,
): readonly Descriptor[] {
  return index.manifests.flatMap((entry, at) => {
    const descriptor = compat === "go" ? entry : followReference(entry, written);
    const action = plan.members[at]?.action;
    if (action === "strip") return [];
    const member = action === "copy" ? written.get(descriptor.digest) : undefined;
    if (member === undefined || member.digest === descriptor.digest) return [descriptor];
    const { digest, size, mediaType } = member;
    // Embedded data is that of the manifest as it was.
    const { data: _, ...kept } = descriptor;
    return [{ ...kept, digest, size, mediaType }];
  });
}

function variantsOf(
  { variants }: IndexPlan,
  written: ReadonlyMap<string, WrittenDocument>,
): Parameters<typeof withVariants>[2] {
  return variants.flatMap((variant) => {
    const image = written.get(documentKey({ digest: variant.digest, variant: variant.compression }));
    if (image === undefined) return [];
    return [{ ...variant, as: image.digest, size: image.size, mediaType: image.mediaType }];
  });
}

/** The platforms that entries of an OCI index need not say and those of a docker list must: from the configs. */
async function missingPlatforms(
  manifests: readonly Descriptor[],
  type: string,
  execution: Execution,
): Promise<ReadonlyMap<Digest, Platform>> {
  const platforms = new Map<Digest, Platform>();
  if (type !== mediaTypes.dockerManifestList || execution.plan.compat === "go") return platforms;
  const nameless = new Set(
    manifests.filter(({ platform }) => platform === undefined).map(({ digest }) => digest),
  );
  for (const { digest: source } of execution.plan.documents) {
    const digest = execution.written.get(source)?.digest;
    if (digest === undefined || !nameless.has(digest)) continue;
    const { bytes, mediaType } = await execution.read(source);
    if (!isImageMediaType(mediaType)) continue;
    const manifest = parseImageManifest(bytes, mediaType);
    const config = manifest.isArtifact ? undefined : await readConfig(manifest, execution);
    if (config !== undefined) platforms.set(digest, platformOfConfig(parseConfig(config)));
  }
  return platforms;
}

interface IndexWork {
  readonly plan: IndexPlan;
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly isRoot: boolean;
}

async function putIndex(
  { plan, type, bytes, isRoot }: IndexWork,
  execution: Execution,
): Promise<WrittenDocument> {
  const { destination, scope, onProgress } = execution;
  const digest = manifestDigest(bytes, digestAlgorithm(plan.digest));
  const instance = isRoot ? undefined : plan.digest;
  onProgress?.({ type: "manifest", state: "write", digest, mediaType: type, instance });
  await onSide("destination", "write the index", () =>
    destination.putManifest(bytes, {
      mediaType: type,
      instance: isRoot ? undefined : digest,
      isLast: isRoot && plan.signatures === 0,
      signal: scope.signal,
    }),
  );
  return { digest, mediaType: type, size: bytes.length, bytes };
}
