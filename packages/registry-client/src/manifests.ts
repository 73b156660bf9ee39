import { type Digest, digestAlgorithm, isDigest } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import type { HttpResponse } from "@drayage/http";
import {
  type Descriptor,
  guessMediaType,
  isImageMediaType,
  isIndexMediaType,
  manifestDigest,
  manifestLimit,
  mediaTypes,
} from "@drayage/manifest";
import type { CallOptions, FetchedManifest } from "./client.ts";
import type { FailedCall } from "./errors.ts";
import { imageName } from "./names.ts";
import type { RepositoryContext } from "./repository.ts";
import type { ExpectedAnswer, RegistryRequest } from "./session.ts";
import { createTries } from "./tries.ts";

/** All types that there are: a registry that does not find its own among them may convert the manifest, or refuse. */
const accept: string = [
  mediaTypes.ociIndex,
  mediaTypes.dockerManifestList,
  mediaTypes.ociManifest,
  mediaTypes.dockerManifest,
  mediaTypes.dockerV1SignedManifest,
  mediaTypes.dockerV1Manifest,
  "*/*",
].join(", ");

export async function resolveManifest(
  context: RepositoryContext,
  reference: string,
  { signal }: CallOptions = {},
): Promise<Descriptor> {
  const call = callOf(context, reference, "find");
  const response = await context.session.call(
    {
      method: "HEAD",
      target: manifestPath(context, reference),
      scopes: context.pull,
      headers: { accept },
      signal,
    },
    { ...call, statuses: [200, 400, 405, 406, 501] },
  );
  await response.discard();
  const found = response.status === 200 ? describe(response, reference, call) : undefined;
  if (found !== undefined) return found;
  const { bytes, mediaType, digest } = await getManifest(context, reference, { signal });
  return { mediaType, digest, size: bytes.length };
}

/** What the headers of an answer say of a manifest, where they say it all. */
function describe(response: HttpResponse, reference: string, call: FailedCall): Descriptor | undefined {
  const mediaType = contentType(response);
  const length = response.headers.get("content-length");
  const said = response.headers.get("docker-content-digest");
  if (!isImageMediaType(mediaType) && !isIndexMediaType(mediaType)) return undefined;
  if (length === undefined || !/^\d{1,15}$/.test(length) || !isDigest(said)) return undefined;
  if (isDigest(reference) && said !== reference) {
    // Of another algorithm it is no contradiction, and nothing that can be checked.
    if (digestAlgorithm(said) === digestAlgorithm(reference)) throw mismatch(reference, said, call);
    return { mediaType, digest: reference, size: Number(length) };
  }
  return { mediaType, digest: said, size: Number(length) };
}

/** A manifest, and what else the answer says: the entity tag for a conditional change. */
export interface TaggedManifest extends FetchedManifest {
  readonly entityTag: string | undefined;
}

export async function getManifest(
  context: RepositoryContext,
  reference: string,
  { signal }: CallOptions = {},
): Promise<TaggedManifest> {
  const call = callOf(context, reference, "read");
  const response = await context.session.call(
    {
      method: "GET",
      target: manifestPath(context, reference),
      scopes: context.pull,
      headers: { accept },
      signal,
    },
    { ...call, statuses: [200] },
  );
  const bytes = await response.bytes(manifestLimit);
  const said = response.headers.get("docker-content-digest");
  const expected = isDigest(reference) ? reference : isDigest(said) ? said : undefined;
  const digest = manifestDigest(bytes, expected === undefined ? "sha256" : digestAlgorithm(expected));
  if (expected !== undefined && digest !== expected) throw mismatch(expected, digest, call);
  const type = contentType(response);
  const known = isImageMediaType(type) || isIndexMediaType(type);
  const guessed = known ? "" : guessMediaType(bytes);
  return {
    bytes,
    mediaType: guessed === "" ? type : guessed,
    digest,
    entityTag: response.headers.get("etag"),
  };
}

export interface PutOptions extends CallOptions {
  readonly mediaType: string;
  /** Only where the tag still has this entity tag. */
  readonly ifMatch?: string | undefined;
}

/** Puts a manifest. The answer has been checked; 412 is handed on where there was a condition. */
export async function sendManifest(
  context: RepositoryContext,
  reference: string,
  { bytes, mediaType, ifMatch, signal }: PutOptions & { readonly bytes: Uint8Array },
): Promise<{ readonly digest: Digest; readonly response: HttpResponse }> {
  const call: FailedCall = {
    ...callOf(context, reference, "write"),
    refused: "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
    missing: "ERR_DRAYAGE_REPOSITORY_NOT_FOUND",
  };
  const digest = manifestDigest(bytes, isDigest(reference) ? digestAlgorithm(reference) : "sha256");
  if (isDigest(reference) && digest !== reference) throw mismatch(reference, digest, call);
  const response = await callInSpiteOfDoubts(
    context,
    {
      method: "PUT",
      target: manifestPath(context, reference),
      scopes: context.push,
      headers: { "content-type": mediaType, ...(ifMatch === undefined ? {} : { "if-match": ifMatch }) },
      body: bytes,
      signal,
    },
    { ...call, statuses: ifMatch === undefined ? [200, 201, 202, 204] : [200, 201, 202, 204, 412] },
  );
  await response.discard();
  const said = response.headers.get("docker-content-digest");
  if (response.status !== 412 && isDigest(said) && said !== digest && sameAlgorithm(said, digest)) {
    throw mismatch(digest, said, call);
  }
  return { digest, response };
}

/** How often, and after how many milliseconds, a manifest is put again whose digests the registry doubts. */
const doubtedRetries = 3;
const doubtedDelay = 200;

/**
 * docker-registry answers DIGEST_INVALID where it reads its note of a blob while somebody else, who pushes the same blob to the same
 * repository, has it written anew. It is right a moment later. Of the manifest's own digest it can say nothing: that was computed here.
 */
async function callInSpiteOfDoubts(
  { session, retry }: RepositoryContext,
  request: RegistryRequest,
  expected: ExpectedAnswer,
): Promise<HttpResponse> {
  const retries = Math.min(retry?.retries ?? doubtedRetries, doubtedRetries);
  const tries = createTries({ retries, delay: retry?.delay ?? doubtedDelay });
  for (;;) {
    try {
      return await session.call(request, expected);
    } catch (error) {
      if (!isDrayageError(error, "ERR_DRAYAGE_DIGEST_MISMATCH")) throw error;
      await tries.failed(error, { signal: request.signal });
    }
  }
}

export async function removeManifest(
  context: RepositoryContext,
  reference: string,
  { signal }: CallOptions = {},
): Promise<void> {
  const call = callOf(context, reference, "delete");
  const byTag = !isDigest(reference);
  const response = await context.session.call(
    { method: "DELETE", target: manifestPath(context, reference), scopes: context.delete, signal },
    // docker-registry takes a tag for a digest that is none: 400 DIGEST_INVALID.
    { ...call, statuses: byTag ? [200, 202, 204, 400, 405] : [200, 202, 204, 405] },
  );
  await response.discard();
  if (response.status < 400) return;
  throw new DrayageError(
    "ERR_DRAYAGE_REGISTRY_UNSUPPORTED",
    byTag
      ? `${context.session.host} does not delete tags alone`
      : `${context.session.host} does not delete: it is switched off there`,
    {
      hint: byTag
        ? "delete the manifest by its digest, with all tags that name it"
        : "for docker-registry: storage.delete.enabled in its configuration",
    },
  );
}

function sameAlgorithm(a: Digest, b: Digest): boolean {
  return digestAlgorithm(a) === digestAlgorithm(b);
}

function manifestPath({ path }: RepositoryContext, reference: string): string {
  return `/v2/${path}/manifests/${reference}`;
}

function callOf({ path, session }: RepositoryContext, reference: string, verb: string): FailedCall {
  return {
    doing: `${verb} ${imageName(path, reference)}`,
    host: session.host,
    missing: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
  };
}

function mismatch(expected: Digest, actual: Digest, { doing, host }: FailedCall): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_DIGEST_MISMATCH",
    `cannot ${doing} at ${host}: expected ${expected}, and it has ${actual}`,
    {
      hint: "the registry, or something between, gives out another manifest than the one that was asked for",
    },
  );
}

/** The media type alone: registries should add no parameters to it, and some do. */
function contentType(response: HttpResponse): string {
  return (response.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}
