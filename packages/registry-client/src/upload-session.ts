import { type Digest, digestAlgorithm } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import type { HttpResponse } from "@drayage/http";
import { resolveLocation } from "./location.ts";
import type { RepositoryContext } from "./repository.ts";

/** An upload that a registry has begun. */
export interface UploadSession {
  /** Where the next bytes go. It changes with every answer. */
  location: URL;
  /** The fewest bytes that a chunk has, but for the last. */
  readonly leastChunk: number;
}

/** Begins an upload. */
export async function beginUpload(
  context: RepositoryContext,
  { digest, signal }: { readonly digest: Digest | undefined; readonly signal: AbortSignal | undefined },
): Promise<UploadSession> {
  const algorithm = digest === undefined ? "sha256" : digestAlgorithm(digest);
  const query = algorithm === "sha256" ? "" : `?${new URLSearchParams({ "digest-algorithm": algorithm })}`;
  const response = await context.session.call(
    {
      method: "POST",
      target: `/v2/${context.path}/blobs/uploads/${query}`,
      scopes: context.push,
      headers: { "content-length": "0" },
      signal,
    },
    {
      doing: `begin an upload to ${context.path}`,
      host: context.session.host,
      missing: "ERR_DRAYAGE_REPOSITORY_NOT_FOUND",
      statuses: [202],
    },
  );
  await response.discard();
  const least = response.headers.get("oci-chunk-min-length") ?? "";
  return {
    location: uploadLocation(context, response),
    leastChunk: /^\d{1,12}$/.test(least) ? Number(least) : 0,
  };
}

/**
 * Where an answer says that the upload goes on. It may be on another host, which then gets no credentials. That host in turn may lead
 * back to the uploads of the repository, and to nothing else of the registry: what is sent there is sent in the user's name.
 * Throws ERR_DRAYAGE_REGISTRY.
 */
export function uploadLocation({ session, path }: RepositoryContext, response: HttpResponse): URL {
  const from = new URL(response.url);
  const location = resolveLocation(response.headers.get("location"), from, session.host);
  if (session.isOwn(from) || !session.isOwn(location)) return location;
  const uploads = `/v2/${path}/blobs/uploads/`;
  if (location.pathname.startsWith(uploads) && /^[\w.~=-]+$/.test(location.pathname.slice(uploads.length))) {
    return location;
  }
  throw new DrayageError(
    "ERR_DRAYAGE_REGISTRY",
    `${from.host} leads from an upload to ${path} to something else at ${session.host}: that is refused`,
  );
}

/** The location with the digest that ends the upload. Its query is the registry's own and stays as it is. */
export function closingLocation(location: URL, digest: Digest): URL {
  const url = new URL(location);
  url.search = `${url.search === "" ? "?" : `${url.search}&`}digest=${encodeURIComponent(digest)}`;
  return url;
}

/**
 * How many bytes an answer to an upload says that there are. `0-0`, which registries say both of one byte and of none, is none.
 */
export function receivedBytes(response: HttpResponse): number | undefined {
  const end = /^(?:bytes[ =])?0-(\d{1,15})$/.exec(response.headers.get("range")?.trim() ?? "")?.[1];
  if (end === undefined) return undefined;
  return end === "0" ? 0 : Number(end) + 1;
}

/**
 * Asks the registry how far the upload has come, and takes over the location that it names. Undefined: the upload is lost,
 * or cannot be continued.
 */
export async function askReceived(
  context: RepositoryContext,
  upload: UploadSession,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const response = await context.session.send({
    method: "GET",
    target: upload.location,
    scopes: context.push,
    redirect: "manual",
    signal,
  });
  await response.discard();
  if (response.status !== 204 && response.status !== 200 && response.status !== 202) return undefined;
  const received = receivedBytes(response);
  if (received === undefined || received === 0) return undefined;
  if (response.headers.get("location") !== undefined) upload.location = uploadLocation(context, response);
  return received;
}

/** How long a registry is waited for when an upload is given up. */
const cancelMilliseconds = 3000;

/** Tells the registry that the upload is given up. It would find out itself in the end, so failing does not matter. */
export async function cancelUpload(context: RepositoryContext, location: URL): Promise<void> {
  try {
    const response = await context.session.send({
      method: "DELETE",
      target: location,
      scopes: context.push,
      headers: { "content-length": "0" },
      signal: AbortSignal.timeout(cancelMilliseconds),
      once: true,
    });
    await response.discard();
  } catch {
    // As the specification says: clients should ignore any failures.
  }
}
