import { type Digest, digestAlgorithm, isDigest } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import { type HttpResponse, readResumable } from "@drayage/http";
import type { CallOptions, ReadBlobOptions } from "./client.ts";
import type { FailedCall } from "./errors.ts";
import type { RepositoryContext } from "./repository.ts";
import { mergeScopes, repositoryScope } from "./scope.ts";
import { cancelUpload, uploadLocation } from "./upload-session.ts";

export async function statBlob(
  context: RepositoryContext,
  digest: Digest,
  { signal }: CallOptions = {},
): Promise<{ readonly size: number } | undefined> {
  const call = { ...callOf(context, digest, context.pushes ? "write" : "find"), statuses: "any" } as const;
  const { session } = context;
  const request = { target: blobPath(context, digest), scopes: context.pull, signal } as const;
  const head = await session.call({ ...request, method: "HEAD" }, call);
  if (head.status === 404) {
    await head.discard();
    return undefined;
  }
  const size = sizeIn(head, "content-length");
  if (head.status === 200 && size !== undefined) {
    await head.discard();
    return { size };
  }
  // Storage to which a registry redirects may refuse HEAD (its URLs are signed for GET), and some answers lack the length.
  const elsewhere = new URL(head.url).origin !== (await session.origin(signal));
  if (head.status !== 200 && !elsewhere && ![405, 501].includes(head.status)) throw await failed(head, call);
  await head.discard();
  const first = await session.call({ ...request, method: "GET", headers: { range: "bytes=0-0" } }, call);
  if (first.status === 404) {
    await first.discard();
    return undefined;
  }
  if (first.status !== 206 && first.status !== 200 && first.status !== 416) throw await failed(first, call);
  const total = first.status === 200 ? sizeIn(first, "content-length") : totalIn(first);
  await first.discard();
  if (total !== undefined) return { size: total };
  throw new DrayageError("ERR_DRAYAGE_REGISTRY", `${session.host} does not say how long ${digest} is`);
}

/** What is borrowed comes over a connection of its own: for less, one that is kept alive is faster. */
const worthConnection = 1024 * 1024;

export function readBlob(
  context: RepositoryContext,
  digest: Digest,
  options: ReadBlobOptions = {},
): AsyncIterable<Uint8Array> {
  const { offset = 0, size, signal } = options;
  const borrow = options.borrow === true && (size === undefined || size - offset >= worthConnection);
  const expected = { ...callOf(context, digest, "read"), statuses: [200, 206, 416] };
  return readResumable({
    request: (from, inner) =>
      context.session.call(
        {
          method: "GET",
          target: blobPath(context, digest),
          scopes: context.pull,
          headers: from === 0 ? {} : { range: `bytes=${from}-` },
          borrow,
          signal: inner,
        },
        expected,
      ),
    offset,
    size,
    signal,
    requestRetries: true,
    retries: context.retry?.retries,
    delay: context.retry?.delay,
  });
}

export async function mountBlob(
  context: RepositoryContext,
  digest: Digest,
  { from, signal }: CallOptions & { readonly from: string },
): Promise<boolean> {
  const query = new URLSearchParams({ mount: digest, from });
  let response: HttpResponse;
  try {
    response = await context.session.call(
      {
        method: "POST",
        target: `/v2/${context.path}/blobs/uploads/?${query}`,
        scopes: mergeScopes(context.push, repositoryScope(from, "pull")),
        headers: { "content-length": "0" },
        signal,
      },
      { ...callOf(context, digest, `mount from ${from}`), statuses: [201, 202, 404, 405] },
    );
  } catch (error) {
    // Whether it is the other repository that may not be read, or this one that may not be written, shows at the upload.
    if (isDrayageError(error, "ERR_DRAYAGE_DENIED") || isDrayageError(error, "ERR_DRAYAGE_UNAUTHORIZED"))
      return false;
    throw error;
  }
  await response.discard();
  if (response.status === 202) await cancelUpload(context, uploadLocation(context, response));
  if (response.status !== 201) return false;
  const said = response.headers.get("docker-content-digest");
  if (!isDigest(said) || said === digest || digestAlgorithm(said) !== digestAlgorithm(digest)) return true;
  throw new DrayageError(
    "ERR_DRAYAGE_DIGEST_MISMATCH",
    `${context.session.host} mounted ${said} instead of ${digest}`,
  );
}

export async function deleteBlob(
  context: RepositoryContext,
  digest: Digest,
  { signal }: CallOptions = {},
): Promise<void> {
  const response = await context.session.call(
    { method: "DELETE", target: blobPath(context, digest), scopes: context.delete, signal },
    { ...callOf(context, digest, "delete"), statuses: [200, 202, 204] },
  );
  await response.discard();
}

function blobPath({ path }: RepositoryContext, digest: Digest): string {
  return `/v2/${path}/blobs/${digest}`;
}

function callOf({ path, session }: RepositoryContext, digest: Digest, verb: string): FailedCall {
  return { doing: `${verb} ${path}@${digest}`, host: session.host, missing: "ERR_DRAYAGE_BLOB_NOT_FOUND" };
}

async function failed(response: HttpResponse, call: FailedCall): Promise<DrayageError> {
  const { responseError } = await import("./errors.ts");
  return responseError(response, call);
}

function sizeIn(response: HttpResponse, header: string): number | undefined {
  const text = response.headers.get(header);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The whole length that a `Content-Range` names. */
function totalIn(response: HttpResponse): number | undefined {
  const total = /^bytes [^/]*\/(\d{1,15})$/.exec(response.headers.get("content-range") ?? "")?.[1];
  return total === undefined ? undefined : Number(total);
}
