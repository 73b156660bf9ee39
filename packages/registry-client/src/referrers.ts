import { type Digest, digestAlgorithm, digestHex } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import {
  type Descriptor,
  type ImageIndex,
  type ImageManifest,
  manifestLimit,
  mediaTypes,
  parseImageIndex,
  parseManifest,
} from "@drayage/manifest";
import type { CallOptions } from "./client.ts";
import { getManifest, sendManifest, type TaggedManifest } from "./manifests.ts";
import { readPages } from "./pages.ts";
import type { RepositoryContext } from "./repository.ts";

/** No manifest has as many, but in an attack. */
const referrerLimit = 100_000;
/** How often a change of the fallback tag is made anew, where others change it at the same time. */
const changeTries = 5;

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

/** What stands where the list belongs: that, or the one manifest that should be in it. */
interface OwnFallback {
  readonly manifest: TaggedManifest;
  readonly index: ImageIndex | undefined;
  readonly single: Descriptor | undefined;
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

async function getFallback(
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

/** Sees to it that the fallback tag of `subject` lists `referrer`. */
export async function addReferrer(
  context: RepositoryContext,
  subject: Digest,
  { referrer, signal }: CallOptions & { readonly referrer: Descriptor },
): Promise<void> {
  await changeFallback(context, subject, {
    done: (index) => index?.manifests.some(({ digest }) => digest === referrer.digest) ?? false,
    change: (entries) => [...entries.filter((entry) => digestOf(entry) !== referrer.digest), referrer],
    signal,
  });
}

/** Sees to it that the fallback tag of `subject` does not list `referrer`. */
export async function removeReferrer(
  context: RepositoryContext,
  subject: Digest,
  { referrer, signal }: CallOptions & { readonly referrer: Digest },
): Promise<void> {
  await changeFallback(context, subject, {
    done: (index) => index?.manifests.every(({ digest }) => digest !== referrer) ?? true,
    change: (entries) => entries.filter((entry) => digestOf(entry) !== referrer),
    signal,
  });
}

interface FallbackChange extends CallOptions {
  done(index: ImageIndex | undefined): boolean;
  /** The entries are those of the document, with all that is in them. */
  change(entries: readonly unknown[]): readonly unknown[];
}

/**
 * Reads, changes, writes and reads again: what another has written meanwhile is not lost, but for the moment between
 * reading and writing, where the registry knows no conditional requests.
 */
async function changeFallback(
  context: RepositoryContext,
  subject: Digest,
  change: FallbackChange,
): Promise<void> {
  const { signal } = change;
  const tag = referrersTag(subject);
  await context.alone(tag, async () => {
    for (let tries = 0; tries <= changeTries; tries++) {
      const current = await readOwnFallback(context, subject, signal);
      if (change.done(current?.index)) return;
      if (tries === changeTries) break;
      const { response } = await sendManifest(context, tag, {
        bytes: changedIndex(current, change),
        mediaType: mediaTypes.ociIndex,
        ifMatch: current?.manifest.entityTag,
        signal,
      });
      await response.discard();
    }
    throw new DrayageError(
      "ERR_DRAYAGE_REGISTRY",
      `cannot bring ${context.path}:${tag} up to date at ${context.session.host}: others change it all the time`,
      { retryable: true },
    );
  });
}

/**
 * A single manifest that refers to the subject, as a tool may have copied it here out of the list, is taken for a list of it alone.
 * Any other is somebody's own, and is not overwritten.
 */
async function readOwnFallback(
  context: RepositoryContext,
  subject: Digest,
  signal: AbortSignal | undefined,
): Promise<OwnFallback | undefined> {
  const tag = referrersTag(subject);
  const manifest = await getFallback(context, tag, signal);
  if (manifest === undefined) return undefined;
  const parsed = parseManifest(manifest.bytes, manifest.mediaType);
  if (parsed.kind === "index") return { manifest, index: parsed, single: undefined };
  if (parsed.subject?.digest === subject) {
    return { manifest, index: undefined, single: describeReferrer(parsed, manifest.digest) };
  }
  throw new DrayageError(
    "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
    `${context.session.host}/${context.path}:${tag} is an image, where the list of what refers to ${subject} belongs`,
    { hint: "delete that tag, or give the image another one" },
  );
}

function changedIndex(current: OwnFallback | undefined, { change }: FallbackChange): Uint8Array {
  const document = current?.index?.document ?? {};
  const listed = Array.isArray(document.manifests) ? document.manifests : [];
  const entries = current?.single === undefined ? listed : [current.single];
  const bytes = new TextEncoder().encode(
    JSON.stringify({
      ...document,
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: change(entries),
    }),
  );
  if (bytes.length <= manifestLimit) return bytes;
  throw new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    "the list of what refers to the manifest would have more than 4 MiB",
  );
}

function digestOf(entry: unknown): unknown {
  return typeof entry === "object" && entry !== null && "digest" in entry ? entry.digest : undefined;
}
