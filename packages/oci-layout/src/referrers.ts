import { type Digest, isDigest } from "@drayage/digest";
import { isDrayageError, throwIfAborted } from "@drayage/errors";
import {
  type Descriptor,
  guessMediaType,
  indexDepthLimit,
  isImageMediaType,
  isIndexMediaType,
  manifestLimit,
  parseManifest,
} from "@drayage/manifest";
import { describeReferrer, type RawManifest } from "@drayage/transport";
import type { LayoutIndex } from "./layout-index.ts";
import type { LayoutFiles } from "./source.ts";

/** More than any layout has, and fewer than would take long. */
const mostManifests = 20_000;

/**
 * Finds what refers to a manifest among the images that index.json names, and those that their indexes name. The manifests are
 * read once, at the first question.
 */
export function createReferrers(
  files: LayoutFiles,
  index: LayoutIndex,
): (subject: Digest, signal: AbortSignal | undefined) => Promise<readonly Descriptor[]> {
  let reading: Promise<readonly RawManifest[]> | undefined;
  return async (subject, signal) => {
    throwIfAborted(signal, `list what refers to ${subject}`);
    reading ??= readReferring(files, index).catch((error: unknown) => {
      reading = undefined;
      throw error;
    });
    return (await reading).flatMap((manifest) => describeReferrer(manifest, subject) ?? []);
  };
}

interface Waiting {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly depth: number;
}

/** All manifests that have a subject. What is absent, damaged or no manifest refers to nothing. */
async function readReferring(files: LayoutFiles, { entries }: LayoutIndex): Promise<readonly RawManifest[]> {
  const referring: RawManifest[] = [];
  const seen = new Set<Digest>();
  const waiting: Waiting[] = entries.flatMap(({ raw, mediaType }) =>
    isDigest(raw.digest) ? [{ digest: raw.digest, mediaType, depth: 0 }] : [],
  );
  for (const { digest, mediaType, depth } of waiting) {
    if (seen.has(digest) || seen.size === mostManifests) continue;
    seen.add(digest);
    const manifest = await readIfManifest(files, digest, mediaType);
    const parsed = manifest && parsedOf(manifest);
    if (manifest === undefined || parsed === undefined) continue;
    if (parsed.subject !== undefined) referring.push(manifest);
    if (parsed.kind !== "index" || depth === indexDepthLimit) continue;
    // A list grows while it is walked: what is added comes last.
    waiting.push(...parsed.manifests.map((member) => ({ ...member, depth: depth + 1 })));
  }
  return referring;
}

async function readIfManifest(
  files: LayoutFiles,
  digest: Digest,
  said: string,
): Promise<RawManifest | undefined> {
  if (said !== "" && !isImageMediaType(said) && !isIndexMediaType(said)) return undefined;
  const origin = await files.locate(digest);
  if (origin === undefined || origin.length > manifestLimit) return undefined;
  const bytes = await files.readRange(origin);
  return { bytes, mediaType: said === "" ? guessMediaType(bytes) : said };
}

function parsedOf({ bytes, mediaType }: RawManifest): ReturnType<typeof parseManifest> | undefined {
  try {
    return parseManifest(bytes, mediaType);
  } catch (error) {
    if (isDrayageError(error)) return undefined;
    throw error;
  }
}
