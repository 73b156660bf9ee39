import { type Digest, digestAlgorithm, digestHex } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import {
  type Descriptor,
  type ImageIndex,
  type ImageManifest,
  manifestLimit,
  mediaTypes,
  parseImageIndex,
} from "@drayage/manifest";
import type { CallOptions } from "./client.ts";
import { getManifest, type TaggedManifest } from "./manifests.ts";
import { readPages } from "./pages.ts";
import type { RepositoryContext } from "./repository.ts";

/** No manifest has as many, but in an attack. */
const referrerLimit = 100_000;

/** The tag under which the referrers of a manifest are listed where there is no API for that (distribution-spec, "Referrers Tag Schema"). */
export function referrersTag(subject: Digest): string {
  return `${digestAlgorithm(subject)}-${digestHex(subject).slice(0, 64)}`;
}

export async function listReferrers(
  context: RepositoryContext,
  subject: Digest,
  { signal, artifactType }: CallOptions & { readonly artifactType?: string | undefined },
): Promise<readonly Descriptor[]> {
  const listed =
    (await askReferrers(context, subject, { signal, artifactType })) ??
    (await readFallback(context, referrersTag(subject), signal))?.manifests ??
    [];
  return artifactType === undefined ? listed : listed.filter((entry) => entry.artifactType === artifactType);
}

/** By the API. Undefined where the registry has none. */
async function askReferrers(
  context: RepositoryContext,
  subject: Digest,
  { signal, artifactType }: CallOptions & { readonly artifactType?: string | undefined },
): Promise<readonly Descriptor[] | undefined> {
  const query = artifactType === undefined ? "" : `?${new URLSearchParams({ artifactType })}`;
  const found = new Map<Digest, Descriptor>();
  const pages = readPages(context.session, {
    path: `/v2/${context.path}/referrers/${subject}${query}`,
    scopes: context.pull,
    accept: mediaTypes.ociIndex,
    limit: manifestLimit,
    expected: {
      doing: `list what refers to ${context.path}@${subject}`,
      host: context.session.host,
      statuses: [200, 400, 404, 405, 406, 501],
    },
    signal,
  });
  for await (const { response, bytes } of pages) {
    const type = (response.headers.get("content-type") ?? "").split(";", 1)[0]?.trim();
    // A proxy that knows no such path may answer with a page of its own.
    if (response.status !== 200 || type !== mediaTypes.ociIndex) return undefined;
    for (const entry of parseImageIndex(bytes, mediaTypes.ociIndex).manifests) found.set(entry.digest, entry);
    if (found.size > referrerLimit) {
      throw new DrayageError(
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
        `more than ${referrerLimit} manifests refer to ${subject}`,
      );
    }
  }
  return [...found.values()];
}

/** Whether the registry itself knows what refers to what. */
export async function hasReferrersApi(
  context: RepositoryContext,
  subject: Digest,
  options: CallOptions,
): Promise<boolean> {
  return (await askReferrers(context, subject, options)) !== undefined;
}

async function readFallback(
  context: RepositoryContext,
  tag: string,
  signal: AbortSignal | undefined,
): Promise<ImageIndex | undefined> {
  const manifest = await getFallback(context, tag, signal);
  if (manifest?.mediaType !== mediaTypes.ociIndex) return undefined;
  return parseImageIndex(manifest.bytes, mediaTypes.ociIndex);
}

/** What a fallback tag has, if anything. */
export async function getFallback(
  context: RepositoryContext,
  tag: string,
  signal: AbortSignal | undefined,
): Promise<TaggedManifest | undefined> {
  try {
    return await getManifest(context, tag, { signal });
  } catch (error) {
    const missing =
      isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND") ||
      isDrayageError(error, "ERR_DRAYAGE_REPOSITORY_NOT_FOUND");
    if (missing) return undefined;
    throw error;
  }
}

/** A manifest as the list of what refers to its subject has it (distribution-spec, "Pushing Manifests with Subject"). */
export function describeReferrer(manifest: ImageManifest | ImageIndex, digest: Digest): Descriptor {
  const { mediaType, bytes, annotations } = manifest;
  const own = manifest.artifactType === "" ? undefined : manifest.artifactType;
  const artifactType = own ?? (manifest.kind === "image" ? manifest.config?.mediaType : undefined);
  return {
    mediaType,
    digest,
    size: bytes.length,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}
