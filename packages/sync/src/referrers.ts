import { type Digest, digestAlgorithm, digestHex } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import { isImageMediaType, isIndexMediaType, parseImageIndex } from "@drayage/manifest";
import {
  type ImageSource,
  type Location,
  type OperationOptions,
  requireAbility,
  resolveImage,
  type SourceOptions,
} from "@drayage/transport";
import type { ImageName } from "./names.ts";

/** How many manifests may refer to one image, directly and by others, and how many may be looked at for it. */
const referrerLimit = 1000;
const subjectLimit = 10_000;

/** What cosign names its signatures, attestations and SBOMs by, where it does not use referrers. */
const cosignSuffixes = ["sig", "att", "sbom"];

export interface ReferrersInput extends OperationOptions {
  readonly image: ImageName;
  readonly from: Location;
  /** The manifests and indexes that were copied as they are. */
  readonly subjects: readonly Digest[];
  readonly sourceOptions: SourceOptions | undefined;
  /** Whether the repository has a tag, where all of its tags are known. */
  readonly hasTag: ((tag: string) => boolean) | undefined;
  locate(name: ImageName): Location;
  /** Brings one of them to the destination, and tells whether it did. */
  copy(name: ImageName): Promise<Digest | undefined>;
}

/**
 * Finds what refers to an image, to the images of its index, and to what was found; each once, however they refer to each other.
 *
 * @throws ERR_DRAYAGE_LIMIT_EXCEEDED
 */
export async function copyReferrers(input: ReferrersInput): Promise<void> {
  const { from, image, signal, sourceOptions } = input;
  await using source = await requireAbility(from.transport, "openSource").openSource(from.reference, {
    ...sourceOptions,
    signal,
  });
  const seen = new Set<Digest>(input.subjects);
  const waiting = [...seen];
  const copied = new Set<Digest>();
  const enqueue = (digest: Digest): void => {
    if (seen.has(digest)) return;
    seen.add(digest);
    waiting.push(digest);
  };
  for (let subject = waiting.shift(); subject !== undefined; subject = waiting.shift()) {
    if (seen.size > subjectLimit) throw tooMany(`${subjectLimit} manifests belong to the image`);
    for (const name of await referrersOf(subject, source, input)) {
      const { digest } = name;
      if (digest !== undefined && copied.has(digest)) continue;
      const found = await input.copy(name);
      if (found === undefined) continue;
      copied.add(found);
      if (copied.size > referrerLimit) throw tooMany(`${referrerLimit} manifests refer to the image`);
      enqueue(found);
    }
    for (const member of await membersOf(subject, source, { signal })) enqueue(member);
  }

  function tooMany(what: string): DrayageError {
    return new DrayageError("ERR_DRAYAGE_LIMIT_EXCEEDED", `${image.repository}: more than ${what}`, {
      side: "source",
    });
  }
}

async function referrersOf(
  subject: Digest,
  source: ImageSource,
  { image: { repository }, signal, hasTag, locate, sourceOptions }: ReferrersInput,
): Promise<readonly ImageName[]> {
  const names: ImageName[] = [];
  for (const { digest } of (await source.referrers?.(subject, { signal })) ?? [])
    names.push({ repository, digest });
  for (const suffix of cosignSuffixes) {
    const tag = `${digestAlgorithm(subject)}-${digestHex(subject)}.${suffix}`;
    // Where the tags are not known, each is asked for.
    const isThere =
      hasTag?.(tag) ?? (await exists(locate({ repository, tag }), { ...sourceOptions, signal }));
    if (isThere) names.push({ repository, tag });
  }
  return names;
}

async function exists({ transport, reference }: Location, options: SourceOptions): Promise<boolean> {
  try {
    await resolveImage(transport, reference, options);
    return true;
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) return false;
    throw error;
  }
}

/** The images of an index; none of anything else. */
async function membersOf(
  digest: Digest,
  source: ImageSource,
  options: OperationOptions,
): Promise<readonly Digest[]> {
  const { bytes, mediaType } = await source.manifest(digest, options);
  if (!isIndexMediaType(mediaType)) return [];
  return parseImageIndex(bytes, mediaType)
    .manifests.filter((member) => isImageMediaType(member.mediaType) || isIndexMediaType(member.mediaType))
    .map((member) => member.digest);
}
