import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import {
  type Descriptor,
  type ImageIndex,
  manifestLimit,
  mediaTypes,
  parseManifest,
} from "@drayage/manifest";
import type { CallOptions } from "./client.ts";
import { sendManifest, type TaggedManifest } from "./manifests.ts";
import { describeReferrer, getFallback, referrersTag } from "./referrers.ts";
import type { RepositoryContext } from "./repository.ts";

/** How often a change of the fallback tag is made anew, where others change it at the same time. */
const changeTries = 5;

/** What stands where the list belongs: that, or the one manifest that should be in it. */
interface OwnFallback {
  readonly manifest: TaggedManifest;
  readonly index: ImageIndex | undefined;
  readonly single: Descriptor | undefined;
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
