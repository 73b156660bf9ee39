import { isDigest } from "@drayage/digest";
import {
  type Descriptor,
  encodeDockerList,
  encodeDockerManifest,
  encodeOciIndex,
  encodeOciManifest,
  type ImageIndex,
  type ImageManifest,
  indexParts,
  manifestParts,
  mediaTypes,
  parseImageIndex,
  parseImageManifest,
} from "@drayage/manifest";
import type { Execution, WrittenDocument } from "./execute-image.ts";
import type { ImagePlan, IndexPlan } from "./plan.ts";
import { frozenText } from "./side.ts";

/** BuildKit, docs/attestations/attestation-storage.md */
const referenceAnnotation = "vnd.docker.reference.digest";

/** The manifest as it is to be written: about its subject as the destination has that. */
export function followSubject(manifest: ImageManifest, plan: ImagePlan, execution: Execution): ImageManifest {
  const subject = movedSubject(manifest, plan, execution);
  if (subject === undefined) return manifest;
  const encode = manifest.mediaType === mediaTypes.ociManifest ? encodeOciManifest : encodeDockerManifest;
  return parseImageManifest(encode({ ...manifestParts(manifest), subject }, undefined), manifest.mediaType);
}

/** The same for an index. */
export function followIndexSubject(index: ImageIndex, plan: IndexPlan, execution: Execution): ImageIndex {
  const subject = movedSubject(index, plan, execution);
  if (subject === undefined) return index;
  const encode = index.mediaType === mediaTypes.ociIndex ? encodeOciIndex : encodeDockerList;
  return parseImageIndex(encode({ ...indexParts(index), subject }, undefined), index.mediaType);
}

/** An index's entry for an attestation, which tells the image's digest: that which the destination has. */
export function followReference(
  entry: Descriptor,
  written: ReadonlyMap<string, WrittenDocument>,
): Descriptor {
  const named = entry.annotations?.[referenceAnnotation];
  const digest = isDigest(named) ? written.get(named)?.digest : undefined;
  if (digest === undefined || digest === named) return entry;
  return { ...entry, annotations: { ...entry.annotations, [referenceAnnotation]: digest } };
}

/** The subject where this copy has written it as another document, and the one that refers to it may say so. */
function movedSubject(
  { subject }: ImageManifest | ImageIndex,
  plan: ImagePlan | IndexPlan,
  { written, onProgress, plan: { compat } }: Execution,
): Descriptor | undefined {
  const as = subject === undefined ? undefined : written.get(subject.digest);
  // Go's bytes keep the subject, or drop it.
  if (subject === undefined || as === undefined || as.digest === subject.digest || compat === "go")
    return undefined;
  if (plan.frozen !== undefined) {
    const still = `${plan.digest} still refers to ${subject.digest}, which is ${as.digest} at the destination`;
    onProgress?.({ type: "warning", message: `${still}: it may not change: ${frozenText(plan.frozen)}` });
    return undefined;
  }
  const { digest, mediaType, size } = as;
  // Embedded data is that of the subject as it was.
  const { data: _, ...kept } = subject;
  return { ...kept, mediaType, digest, size };
}
