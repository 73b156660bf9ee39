import type { Digest } from "@drayage/digest";
import { formatBytes } from "./bytes.ts";
import type { CopyPlan, DocumentPlan, ImagePlan, IndexPlan, LayerPlan } from "./plan.ts";
import { frozenText } from "./side.ts";

/** The plan as lines for a person, without control characters or colour. */
export function describePlan(plan: CopyPlan): readonly string[] {
  if (plan.present) return [`${plan.root.digest} is at the destination already: nothing is copied`];
  const lines: string[] = [];
  if (plan.root.digest !== plan.origin.digest) {
    lines.push(`of the index ${plan.origin.digest} one image is copied`);
  }
  if (plan.otherPlatform !== undefined) {
    const { is, wanted } = plan.otherPlatform;
    lines.push(`the image is for ${is}, not for ${wanted}, and there is no other`);
  }
  const written = new Set(plan.documents.map(({ digest }) => digest));
  return [
    ...lines,
    ...plan.documents.flatMap((document) => [
      ...describeDocument(document),
      ...(plan.compat === "go" ? [] : describeSubject(document, written)),
    ]),
  ];
}

function describeSubject(document: DocumentPlan, written: ReadonlySet<Digest>): readonly string[] {
  if (document.kind === "opaque" || document.frozen !== undefined) return [];
  const { subject } = document;
  if (subject === undefined || !written.has(subject)) return [];
  return [`  it refers to ${subject}: should that get another digest, it will refer to the new one`];
}

function describeDocument(document: DocumentPlan): readonly string[] {
  switch (document.kind) {
    case "image":
      return describeImage(document);
    case "index":
      return describeIndex(document);
    case "opaque":
      return [`${document.mediaType} ${document.digest}: copied as it is, ${formatBytes(document.size)}`];
  }
}

function describeImage(image: ImagePlan): readonly string[] {
  const platform = image.platform === undefined ? "" : ` for ${image.platform}`;
  const again = image.variant === undefined ? "" : `, once more with ${image.variant}`;
  const lines = [`image ${image.digest}${platform}${again}`, `  ${describeType("manifest", image)}`];
  if (image.config !== undefined) {
    const { action, digest, size, reason } = image.config;
    lines.push(
      `  config ${digest}, ${formatBytes(size)}: ${action === "keep" ? "kept" : "converted"}: ${reason}`,
    );
  }
  lines.push(...image.layers.map((layer) => `  ${describeLayer(layer)}`));
  return [...lines, ...describeSignatures(image)];
}

function describeIndex(index: IndexPlan): readonly string[] {
  const changesType = index.target !== index.mediaType;
  const lines = [`index ${index.digest}`, `  ${describeType("index", index)}`];
  for (const { digest, platform, action } of index.members) {
    const name = platform === undefined ? digest : `${platform} ${digest}`;
    if (action === "absent") lines.push(`  ${name}: not copied, the index still names it`);
    if (action === "strip") lines.push(`  ${name}: not copied, and removed from the index`);
  }
  const strips = index.members.some(({ action }) => action === "strip");
  for (const { digest, compression } of index.variants) {
    lines.push(`  ${digest}: added once more, compressed with ${compression}`);
  }
  if (!changesType && !strips && index.variants.length === 0)
    lines.push("  it stays as it is, unless one of its images changes");
  return [...lines, ...describeSignatures(index)];
}

function describeType(what: string, { mediaType, target, reason, fallbacks }: ImagePlan | IndexPlan): string {
  const change =
    target === mediaType ? `${what} kept as ${target}` : `${what} converted from ${mediaType} to ${target}`;
  const others = fallbacks.length === 0 ? "" : `; if it is rejected, ${fallbacks.join(", then ")}`;
  return `${change}: ${reason}${others}`;
}

function describeSignatures({ signatures, frozen }: ImagePlan | IndexPlan): readonly string[] {
  const lines: string[] = [];
  if (signatures > 0)
    lines.push(`  ${signatures === 1 ? "its signature is" : `its ${signatures} signatures are`} copied`);
  if (frozen !== undefined) lines.push(`  nothing in it may change: ${frozenText(frozen)}`);
  return lines;
}

function describeLayer({ index, descriptor, action, basis }: LayerPlan): string {
  const name = `layer ${index + 1} ${descriptor.digest}${descriptor.size < 0 ? "" : `, ${formatBytes(descriptor.size)}`}`;
  const doubt =
    basis === "guess" || basis === "media type"
      ? ` (told from its ${basis === "guess" ? "kind" : basis})`
      : "";
  return `${name}: ${describeAction(action)}: ${action.reason}${doubt}`;
}

function describeAction(action: LayerPlan["action"]): string {
  switch (action.do) {
    case "copy":
      return "copied as it is";
    case "compress":
      return `compressed with ${action.algorithm}`;
    case "recompress":
      return `recompressed with ${action.algorithm}`;
    case "decompress":
      return "decompressed";
    case "reuse":
      return "reused";
    case "skip":
      return "left where it is";
  }
}
