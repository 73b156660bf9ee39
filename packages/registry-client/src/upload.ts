import type { Digest } from "@drayage/digest";
import { DrayageError, isDrayageError, throwIfAborted } from "@drayage/errors";
import type { HttpBody, HttpResponse } from "@drayage/http";
import { statBlob } from "./blobs.ts";
import { createChunker } from "./chunker.ts";
import type { BlobContent, CallOptions } from "./client.ts";
import type { FailedCall, RegistryErrorEntry } from "./errors.ts";
import type { RepositoryContext } from "./repository.ts";
import type { RegistryRequest } from "./session.ts";
import { createTries } from "./tries.ts";
import {
  askReceived,
  beginUpload,
  cancelUpload,
  closingLocation,
  receivedBytes,
  type UploadSession,
  uploadLocation,
} from "./upload-session.ts";

export interface UploadOptions extends CallOptions {
  /** The most bytes of one request. */
  readonly chunkSize?: number | undefined;
}

/** What a blob turned out to be. */
interface Measured {
  readonly digest: Digest;
  readonly size: number;
}

/** How a try to send what is left of a blob ended. */
type Outcome =
  | { readonly kind: "done"; readonly measured: Measured }
  /** The registry may have some of it: it is asked how much. */
  | {
      readonly kind: "interrupted";
      readonly error: DrayageError;
      readonly response?: HttpResponse | undefined;
    }
  /** The registry knows the upload no longer. */
  | { readonly kind: "gone"; readonly error: DrayageError; readonly response?: undefined }
  | { readonly kind: "too large"; readonly error: DrayageError }
  | {
      readonly kind: "moved";
      readonly error: DrayageError;
      readonly location: URL;
      readonly response?: undefined;
    };

/** What is known in the middle of an upload. */
interface Upload {
  readonly context: RepositoryContext;
  readonly content: BlobContent;
  readonly call: FailedCall;
  readonly signal: AbortSignal | undefined;
  session: UploadSession;
  /** How many bytes the registry has. */
  offset: number;
  /** What the whole blob is, once that is known. */
  measured: Measured | undefined;
  chunkSize: number | undefined;
  /** Whether the registry may have all bytes, and the blob with them. */
  allSent: boolean;
  /** Whether some of what the registry has was sent by a request that failed. */
  resumed: boolean;
}

/** With how many bytes in one request it is tried where more are refused (413); then with a quarter of it, and so on. */
const firstChunkSize = 16 * 1024 * 1024;
const smallestChunkSize = 64 * 1024;
/** A chunk is kept in memory: no registry may want larger ones. */
const largestLeastChunk = 256 * 1024 * 1024;

/**
 * Uploads a blob: in one request where its digest and size are known, else streamed, or in chunks. After a failure that may
 * pass the registry is asked how much it has, and the rest is sent. An upload that it has lost is begun anew.
 */
export async function uploadBlob(
  context: RepositoryContext,
  content: BlobContent,
  { signal, chunkSize }: UploadOptions = {},
): Promise<Measured> {
  const { digest, size } = content;
  const upload: Upload = {
    ...{ context, content, signal, offset: 0, allSent: false, resumed: false },
    call: { doing: `upload ${digest ?? "a blob"} to ${context.path}`, host: context.session.host },
    session: await beginUpload(context, { digest, signal }),
    measured: digest === undefined || size === undefined ? undefined : { digest, size },
    chunkSize: chunkSize ?? context.limits.chunkSize,
  };
  try {
    return await uploadAll(upload);
  } catch (error) {
    await cancelUpload(context, upload.session.location);
    throw error;
  }
}

async function uploadAll(upload: Upload): Promise<Measured> {
  const { context, signal } = upload;
  const tries = createTries(context.retry);
  let farthest = 0;
  for (;;) {
    const outcome = await sendRest(upload);
    if (outcome.kind === "done") return outcome.measured;
    if (outcome.kind === "too large") shrinkChunks(upload, outcome.error);
    else await tries.failed(outcome.error, { response: outcome.response, signal });
    if (outcome.kind === "moved") {
      upload.session.location = outcome.location;
      continue;
    }
    const there = await findWhole(upload);
    if (there !== undefined) return there;
    const received = outcome.kind === "gone" ? undefined : await askReceived(context, upload.session, signal);
    if (received === undefined || received > (upload.measured?.size ?? received)) {
      await startOver(upload);
      continue;
    }
    upload.offset = received;
    upload.resumed = true;
    if (received > farthest) tries.progressed();
    farthest = Math.max(farthest, received);
  }
}

/** Sends what the registry does not have yet, and ends the upload. */
async function sendRest(upload: Upload): Promise<Outcome> {
  const { measured, offset, chunkSize } = upload;
  if (measured !== undefined && (chunkSize === undefined || measured.size - offset <= chunkSize)) {
    return putRest(upload, measured);
  }
  return chunkSize === undefined ? streamRest(upload) : sendChunks(upload, chunkSize);
}

/** One request, with what is left of the bytes, ends the upload. */
async function putRest(upload: Upload, measured: Measured): Promise<Outcome> {
  const { session, offset, content } = upload;
  const length = measured.size - offset;
  if (length < 0) return { kind: "gone", error: tooMuch(upload) };
  const body = length === 0 ? undefined : trackedBody(content, { offset, length });
  const answer = await exchange(upload, body, {
    method: "PUT",
    target: closingLocation(session.location, measured.digest),
    headers: {
      ...(body === undefined ? { "content-length": "0" } : octetStream),
      ...(offset > 0 && body !== undefined ? contentRange(offset, measured.size) : {}),
    },
  });
  upload.allSent = body === undefined || body.result !== undefined;
  if (answer instanceof Error) return { kind: "interrupted", error: answer };
  if (!answer.ok) return failure(upload, answer);
  if (body?.result !== undefined) checkMeasured(measured, body.result, upload.call);
  // 201 says that the blob is there. Some registries say 200, 202 or 204 then, which may mean less.
  if (answer.response.status === 201 || (await isThere(upload, measured))) return { kind: "done", measured };
  return { kind: "gone", error: notStored(upload) };
}

/** One request sends all that is left, of a length that need not be known; another ends the upload. */
async function streamRest(upload: Upload): Promise<Outcome> {
  const { content, offset, session } = upload;
  const { size } = content;
  const body = trackedBody(content, { offset, length: size === undefined ? undefined : size - offset });
  const answer = await exchange(upload, body, {
    method: "PATCH",
    target: session.location,
    headers: { ...octetStream, ...(offset > 0 && size !== undefined ? contentRange(offset, size) : {}) },
  });
  if (body.result !== undefined) upload.measured = settle(upload, body.result);
  if (answer instanceof Error) return { kind: "interrupted", error: answer };
  if (!answer.ok || upload.measured === undefined) return failure(upload, answer);
  followLocation(upload, answer.response);
  const received = receivedOf(answer.response, upload.measured.size);
  if (received < upload.measured.size) return incomplete(upload, received);
  upload.offset = upload.measured.size;
  return putRest(upload, upload.measured);
}

/** Requests of at most `chunkSize` bytes, and one that ends the upload. */
async function sendChunks(upload: Upload, chunkSize: number): Promise<Outcome> {
  const { leastChunk } = upload.session;
  if (leastChunk > largestLeastChunk) {
    throw new DrayageError(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      `cannot ${upload.call.doing} at ${upload.call.host}: it wants chunks of at least ${leastChunk} bytes`,
    );
  }
  let failed: Outcome | undefined;
  const chunker = createChunker(Math.max(chunkSize, leastChunk), async (chunk) => {
    failed = await sendChunk(upload, chunk);
    if (failed !== undefined) throw new DrayageError("ERR_DRAYAGE_CONNECTION", "the upload was interrupted");
  });
  let result: Measured;
  try {
    const signal = upload.signal ?? new AbortController().signal;
    result = await upload.content.send((bytes) => chunker.write(bytes), { offset: upload.offset, signal });
    await chunker.end();
  } catch (error) {
    throwIfAborted(upload.signal);
    // The content was only stopped: it is asked again for what follows what the registry has.
    if (failed !== undefined) return failed;
    throw error;
  }
  upload.measured = settle(upload, result);
  return putRest(upload, upload.measured);
}

/** Sends one chunk. The outcome where it failed. */
async function sendChunk(upload: Upload, chunk: Uint8Array): Promise<Outcome | undefined> {
  const start = upload.offset;
  const end = start + chunk.length;
  const body: TrackedBody = {
    length: chunk.length,
    async send(write) {
      await write(chunk);
    },
  };
  const answer = await exchange(upload, body, {
    method: "PATCH",
    target: upload.session.location,
    headers: { ...octetStream, ...contentRange(start, end) },
  });
  if (answer instanceof Error) return { kind: "interrupted", error: answer };
  if (!answer.ok) return failure(upload, answer);
  followLocation(upload, answer.response);
  const received = receivedOf(answer.response, end);
  if (received < end) return incomplete(upload, received);
  upload.offset = end;
  return undefined;
}

const octetStream: Readonly<Record<string, string>> = { "content-type": "application/octet-stream" };

/** As the specification has it: both ends are included. */
function contentRange(start: number, end: number): Readonly<Record<string, string>> {
  return { "content-range": `${start}-${end - 1}` };
}

/** A request's body that knows afterwards how it ended. */
interface TrackedBody extends HttpBody {
  /** What all of the content is, where all of it was written. */
  result?: Measured | undefined;
  /** Why the content failed, where it was its own fault. */
  contentFailure?: { readonly error: unknown } | undefined;
  /** Why it could not be written. */
  writeFailure?: { readonly error: unknown } | undefined;
}

function trackedBody(
  content: BlobContent,
  { offset, length }: { readonly offset: number; readonly length: number | undefined },
): TrackedBody {
  const body: TrackedBody = {
    length,
    async send(write, { signal }) {
      const trackedWrite = async (chunk: Uint8Array): Promise<void> => {
        try {
          await write(chunk);
        } catch (error) {
          body.writeFailure ??= { error };
          throw error;
        }
      };
      try {
        body.result = await content.send(trackedWrite, { offset, signal });
      } catch (error) {
        if (body.writeFailure === undefined && !signal.aborted) body.contentFailure = { error };
        throw error;
      }
    },
  };
  return body;
}

/** What the registry answered, its body read where it is an error. */
interface Answer {
  readonly ok: boolean;
  readonly response: HttpResponse;
  readonly entries: readonly RegistryErrorEntry[];
}

/** Sends a request of the upload. An error that may pass is handed back. */
async function exchange(
  upload: Upload,
  body: TrackedBody | undefined,
  request: Pick<RegistryRequest, "method" | "target" | "headers">,
): Promise<Answer | DrayageError> {
  const { context, signal } = upload;
  try {
    const response = await context.session.call(
      {
        ...request,
        scopes: context.push,
        redirect: "manual",
        ...(body === undefined ? {} : { body }),
        signal,
      },
      { ...upload.call, statuses: "any" },
    );
    if (body?.contentFailure !== undefined) throw body.contentFailure.error;
    const ok = [200, 201, 202, 204].includes(response.status);
    if (!ok) {
      const { readErrors } = await import("./errors.ts");
      return { ok, response, entries: (await readErrors(response)).entries };
    }
    await response.discard();
    return { ok, response, entries: [] };
  } catch (error) {
    if (body?.contentFailure !== undefined) throw body.contentFailure.error;
    throwIfAborted(signal);
    const failed = body?.writeFailure?.error ?? error;
    if (isDrayageError(failed) && failed.retryable) return failed;
    throw isDrayageError(error) && error.retryable ? failed : error;
  }
}

/** What an answer that is an error means for the upload. Throws where nothing can be done about it. */
async function failure(upload: Upload, { response, entries }: Answer): Promise<Outcome> {
  const { status } = response;
  const { entriesError } = await import("./errors.ts");
  const error = entriesError(status, entries, upload.call);
  const codes = new Set(entries.map(({ code }) => code));
  if (status === 307 || status === 308) {
    return { kind: "moved", error, location: uploadLocation(upload.context, response) };
  }
  if (status === 413) return { kind: "too large", error };
  // What is there may not be what was sent: a broken connection leaves more behind than one can know.
  if (codes.has("DIGEST_INVALID") && upload.resumed) return { kind: "gone", error };
  if (status === 404 || status === 410) return { kind: "gone", error };
  if (codes.has("BLOB_UPLOAD_UNKNOWN") || codes.has("BLOB_UPLOAD_INVALID")) return { kind: "gone", error };
  if (status === 416 || error.retryable) return { kind: "interrupted", error, response };
  throw error;
}

function incomplete({ call }: Upload, received: number): Outcome {
  const error = new DrayageError(
    "ERR_DRAYAGE_REGISTRY",
    `cannot ${call.doing} at ${call.host}: it took ${received} bytes, and forgot the rest`,
    { retryable: true },
  );
  return { kind: "interrupted", error };
}

/** It says that it has more than there is: not what was sent, then. */
function tooMuch({ call, offset }: Upload): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_REGISTRY",
    `cannot ${call.doing} at ${call.host}: it says that it has ${offset} bytes, and there are fewer`,
    { retryable: true },
  );
}

function notStored({ call }: Upload): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_REGISTRY",
    `cannot ${call.doing} at ${call.host}: it took all bytes, and does not have the blob`,
    { retryable: true },
  );
}

/** What the registry says it has after it took all up to `end`. One that says nothing has all of it. */
function receivedOf(response: HttpResponse, end: number): number {
  const received = receivedBytes(response);
  return received === undefined || (received === 0 && end === 1) ? end : received;
}

function followLocation(upload: Upload, response: HttpResponse): void {
  if (response.headers.get("location") !== undefined) {
    upload.session.location = uploadLocation(upload.context, response);
  }
}

/** The result of the content, checked against what it was said to be. */
function settle(upload: Upload, result: Measured): Measured {
  const { digest, size } = upload.content;
  return checkMeasured({ digest: digest ?? result.digest, size: size ?? result.size }, result, upload.call);
}

function checkMeasured(
  expected: Measured,
  { digest, size }: Measured,
  { doing, host }: FailedCall,
): Measured {
  if (digest !== expected.digest) {
    throw new DrayageError(
      "ERR_DRAYAGE_DIGEST_MISMATCH",
      `cannot ${doing} at ${host}: expected ${expected.digest}, and the bytes hash to ${digest}`,
    );
  }
  if (size === expected.size) return expected;
  throw new DrayageError(
    "ERR_DRAYAGE_SIZE_MISMATCH",
    `cannot ${doing} at ${host}: expected ${expected.size} bytes, and there are ${size}`,
  );
}

/** Where all bytes were sent, and only the answer was lost, the blob may be there. */
async function findWhole(upload: Upload): Promise<Measured | undefined> {
  const { allSent, measured } = upload;
  upload.allSent = false;
  if (!allSent || measured === undefined) return undefined;
  return (await isThere(upload, measured)) ? measured : undefined;
}

async function isThere({ context, signal }: Upload, { digest, size }: Measured): Promise<boolean> {
  return (await statBlob(context, digest, { signal }))?.size === size;
}

async function startOver(upload: Upload): Promise<void> {
  const { context, content, signal, session } = upload;
  await cancelUpload(context, session.location);
  upload.offset = 0;
  upload.resumed = false;
  upload.session = await beginUpload(context, { digest: content.digest, signal });
}

/** Smaller requests, for this upload and those after it. Throws where they would get too small. */
function shrinkChunks(upload: Upload, error: DrayageError): void {
  const { chunkSize, measured, offset, session, context } = upload;
  const refused = Math.min(
    chunkSize ?? Number.POSITIVE_INFINITY,
    (measured?.size ?? Number.POSITIVE_INFINITY) - offset,
  );
  const smallest = Math.max(smallestChunkSize, session.leastChunk);
  // Of an empty request there is nothing to be made smaller.
  if (refused <= smallest) throw error;
  let next = firstChunkSize;
  while (next >= refused) next /= 4;
  if (next < smallest) throw error;
  upload.chunkSize = next;
  context.limits.chunkSize = next;
}
